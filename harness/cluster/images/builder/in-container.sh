#!/bin/sh
# in-container.sh MIRROR ARGUMENT...: runs mmdebstrap with these arguments in a container of a Debian image, after
# installing it from MIRROR where the image lacks it. The archive goes to stdout, everything else to stderr.
set -eu
mirror=$1
shift

if ! command -v mmdebstrap >/dev/null; then
  # shellcheck source=/dev/null
  . /etc/os-release
  if ! command -v apt-get >/dev/null || [ "${ID:-}" != debian ]; then
    echo "E: this image is ${PRETTY_NAME:-no Debian}, and has no mmdebstrap" >&2
    exit 2
  fi
  echo "I: installing mmdebstrap..." >&2
  rm -f /etc/apt/sources.list.d/*
  # The archive may be a snapshot, whose release files are past their date.
  echo "deb [check-valid-until=no] $mirror $VERSION_CODENAME main" >/etc/apt/sources.list
  export DEBIAN_FRONTEND=noninteractive
  apt-get --quiet --quiet --error-on=any update >&2
  apt-get --quiet --quiet --yes --no-install-recommends install \
    mmdebstrap debian-archive-keyring ca-certificates >/dev/null
fi
# A further source goes after the mirror, which is the last argument.
if [ -n "${APT_SOURCE:-}" ]; then
  printf '%s' "$APT_SOURCE" >/tmp/further.sources
  set -- "$@" /tmp/further.sources
fi
exec mmdebstrap "$@"
