"""The pictures of around-training.test: XML, with the charts, runs and points that they should have."""
import json
import re
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"


def read(path):
    root = xml.parse(path).getroot()
    assert root.tag == SVG + "svg"
    return [text.text for text in root.iter(SVG + "text")], list(root.iter(SVG + "path"))


texts, paths = read("curves.svg")
assert [t for t in texts if t in ("loss", "lr", "grad_norm", "accuracy")] == ["loss", "lr", "grad_norm", "accuracy"], texts
for run in "one", "<two>":
    assert texts.count(run) == 4 and texts.count(run + " (validation)") == 1, (run, texts)
# The losses of the first run, drawn faint: the highest point of the picture's curve is its largest loss.
losses = [row["loss"] for row in map(json.loads, open("one.jsonl")) if "loss" in row]
faint = next(path for path in paths if path.get("stroke-opacity") == "0.3")
points = [tuple(map(float, point)) for point in re.findall(r"([\d.]+) ([\d.]+)", faint.get("d"))]
assert len(points) > 400
heights = sorted(y for _, y in points)
ticks = [(float(t.text), float(t.get("y")) - 4) for t in xml.parse("curves.svg").getroot().iter(SVG + "text") if t.get("text-anchor") == "end"]
(low, y_low), (high, y_high) = ticks[0], ticks[next(i for i in range(1, len(ticks)) if i + 1 == len(ticks) or ticks[i + 1][1] > ticks[i][1])]
value = low + (heights[0] - y_low) / (y_high - y_low) * (high - low)
assert abs(value - max(losses)) < 0.02, (value, max(losses))
texts, paths = read("rates.svg")
assert "learning rate" in texts and len(paths) == 2
