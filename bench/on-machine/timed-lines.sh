#!/bin/bash
# Runs a command and puts before each line it prints the microseconds since the command was started.
set -o pipefail
start=${EPOCHREALTIME/[.,]/}
"$@" | while IFS= read -r line; do
  now=${EPOCHREALTIME/[.,]/}
  printf '%d %s\n' "$((now - start))" "$line"
done
code=$?
now=${EPOCHREALTIME/[.,]/}
printf '%d end\n' "$((now - start))"
exit "$code"
