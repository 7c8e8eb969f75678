"""event_files.py LOG.jsonl FOLDER FILES [--tensorboard]: the events of the folder's files, one behind the other, are the lines of the log.
With --tensorboard, TensorBoard's own reader says the same."""
import json
import sys
import time
from pathlib import Path

from events import events

log, folder, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
expected, step = [], 0
for line in map(json.loads, log.read_text().splitlines()):
    step = line.pop("step", step)
    line.pop("epoch", None)
    expected.append((step, {name: float(value) for name, value in line.items()}))


def same(a, b):
    return a == b or abs(a - b) <= 1e-6 * abs(b) or (a != a and b != b)


files = sorted(folder.iterdir())
assert len(files) == count and all(f.name.startswith("events.out.tfevents.") for f in files), files
found, clock = [], 0
for file in files:
    (first, _, version), (begin, _, session), *rest = events(file)
    assert first == 0 and version == {"file_version": "brain.Event:2"} and session == {"session": {1: 1}}, (version, session)
    found = [event for event in found if event[0] < begin]  # what TensorBoard does at a start of a session
    for at, wall, values in rest:
        assert clock <= wall <= time.time() and at >= begin, (clock, wall, at, begin)
        clock = wall
        found.append((at, values))
assert [at for at, _ in found] == [at for at, _ in expected]
for (at, values), (_, line) in zip(found, expected, strict=True):
    assert list(values) == list(line) and all(same(values[name], line[name]) for name in line), (at, values, line)
assert {"loss", "lr", "grad_norm"} <= {name for _, values in found for name in values}

if "--tensorboard" in sys.argv:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    names = {name for _, line in expected for name in line}
    assert set(accumulator.Tags()["scalars"]) == names, accumulator.Tags()
    for name in names:
        scalars = [(event.step, event.value) for event in accumulator.Scalars(name)]
        lines = [(at, line[name]) for at, line in expected if name in line]
        assert len(scalars) == len(lines), (name, len(scalars), len(lines))
        assert all(a == b and same(x, y) for (a, x), (b, y) in zip(scalars, lines)), name
