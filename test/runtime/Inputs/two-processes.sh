# Trains into a folder, and meanwhile lets a second process try the same; prints what that says.
timeout 4 "$1" train --data builtin --epochs 1000 --out first.safetensors --checkpoint busy > first.txt 2>&1 &
until grep -qs . busy/lock; do sleep 0.05; done
"$1" train --data builtin --out second.safetensors --checkpoint busy --resume 2>&1
echo "exit $?"
wait
