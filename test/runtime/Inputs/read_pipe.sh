# Runs a command that writes into a pipe and keeps what comes out of it. usage: read_pipe.sh PIPE FILE COMMAND...
pipe=$1 file=$2
shift 2
cat "$pipe" > "$file" &
"$@" && wait
