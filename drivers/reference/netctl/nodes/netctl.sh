#!/bin/sh
# netctl on a node: hands its arguments to the harness and prints the answer.
answer=$(printf '%s\0' "$@" | curl --silent --show-error --data-binary @- --unix-socket /run/netconform-netctl.sock http://netctl/) || exit 2
code=$(printf '%s\n' "$answer" | head -n 1)
output() { printf '%s\n' "$answer" | tail -n +2; }
if [ "$code" -eq 0 ]; then output; else output >&2; fi
exit "$code"
