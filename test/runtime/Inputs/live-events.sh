# Says how many events a run that has not ended has written. usage: live-events.sh TINY PYTHON FOLDER_OF_EVENTS.PY
"$1" train --data builtin --epochs 1000 --quiet --out live.safetensors --log live.jsonl --tensorboard live > /dev/null 2>&1 &
run=$!
sleep 4
PYTHONPATH=$3 "$2" -c 'import glob, events; print(sum(1 for _ in zip(range(50), events.events(glob.glob("live/*")[0]))), "events while the run goes on")'
kill -INT $run
wait $run || true
