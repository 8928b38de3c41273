#!/bin/sh
# prepare.sh ifconfig IMAGE | image IMAGE NAME COMMAND [nc]: puts onto a node what a tutorial takes for granted.
set -eu

folder=/usr/local/lib/netconform-tutorial

# from IMAGE PATH: copies a file out of an image.
from() {
  container=$(docker create "$1")
  mkdir -p "$folder"
  docker cp "$container:$2" "$folder/" >/dev/null || { docker rm "$container" >/dev/null; return 1; }
  docker rm "$container" >/dev/null
}

provide_ifconfig() {
  command -v ifconfig >/dev/null && return
  from "$1" /bin/busybox
  # A dynamically linked one of another distribution does not run here.
  "$folder/busybox" true
  ln -sf "$folder/busybox" /usr/local/bin/ifconfig
}

# COMMAND is what containers of the image run, empty for what IMAGE runs.
provide_image() {
  image=$1 name=$2 command=$3 nc=${4:-}
  # A program that is alone in its container ends at once only when it is killed. Not every engine lets a commit change that.
  container=$(docker create ${command:+--stop-signal SIGKILL} "$image")
  set --
  [ -z "$command" ] || set -- --change "CMD $command"
  if [ "$nc" = nc ]; then
    provide_nc
    set -- "$@" --change 'ENV ENV=/etc/shinit'
  fi
  docker commit "$@" "$container" "$name" >/dev/null
  docker rm "$container" >/dev/null
}

# The node's nc knows the options that Alpine's has and busybox of Debian lacks.
provide_nc() {
  mkdir -p "$folder"
  program=$(readlink -f "$(command -v nc)")
  libraries=$(ldd "$program" | grep -o '/[^ ]*')
  # shellcheck disable=SC2086
  tar --create --dereference --absolute-names --transform "s,^$program\$,/bin/nc," "$program" $libraries |
    docker cp - "$container:/" >/dev/null
  # The shell of a busybox prefers its own nc to the one on the path.
  printf 'alias nc=/bin/nc\n' >"$folder/shinit"
  docker cp "$folder/shinit" "$container:/etc/shinit" >/dev/null
}

what=$1
shift
"provide_$what" "$@"
