#!/bin/sh
# Installs Debian's PyTorch, the peer of the benchmark, and OpenBLAS for it. Safe to run again.
# Without OpenBLAS, Debian's PyTorch multiplies matrices with the reference BLAS and takes 1.3 times as long.
set -eu

PACKAGES="python3-torch libopenblas0-openmp"

installed() {
  [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

command -v apt-get >/dev/null || {
  echo "setup.sh: needs apt-get (Debian or a relative of it); elsewhere install PyTorch yourself" >&2
  exit 1
}

missing=""
for package in $PACKAGES; do
  installed "$package" || missing="$missing $package"
done

if [ -z "$missing" ]; then
  echo "setup.sh: already installed: $PACKAGES"
else
  if [ "$(id -u)" -eq 0 ]; then
    as_root=""
  elif command -v sudo >/dev/null; then
    as_root="sudo"
  else
    echo "setup.sh: run it as root, or install sudo: missing$missing" >&2
    exit 1
  fi
  echo "setup.sh: installing$missing with apt-get"
  # shellcheck disable=SC2086 # both lists are meant to split into words
  {
    $as_root apt-get update -q
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends $missing
  }
fi

/usr/bin/python3 -c 'import torch; print("setup.sh: PyTorch", torch.__version__, "is ready")'
