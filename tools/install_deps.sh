#!/usr/bin/env bash
# install_deps.sh — installs the Debian packages that Ringroad is built from.
# Usage: tools/install_deps.sh [--dev|--bench]
#   --dev    also what the tests need: clang with its sanitizer runtime, clang-format, Node.js, Python,
#            and what cpack asks for the dependencies of a package
#   --bench  also the servers that tools/bench.sh measures beside ours, and what draws its page
# Skips what is present; calls apt-get only if something is missing (as root, or through sudo).
set -euo pipefail

# "package" or "package:command"; the command counts as present however it got here.
packages=(
  g++:g++ cmake:cmake ninja-build:ninja ccache:ccache pkg-config:pkg-config
  liburing-dev libsimdjson-dev libspdlog-dev libfmt-dev libcli11-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev nlohmann-json3-dev
)
dev_packages=(
  clang:clang++-14 libclang-rt-14-dev clang-format:clang-format python3-minimal:python3
  nodejs:node npm:npm ca-certificates
  dpkg-dev:dpkg-shlibdeps file:file # cpack
)

bench_packages=(
  redis-server:redis-server nats-server mosquitto libzmq3-dev
  nodejs:node npm:npm ca-certificates # the official Node server
  python3-minimal:python3 python3-matplotlib
)

case ${1:-} in
  "") ;;
  --dev) packages+=("${dev_packages[@]}") ;;
  --bench) packages+=("${bench_packages[@]}") ;;
  *)
    echo "usage: $0 [--dev|--bench]" >&2
    exit 2
    ;;
esac

is_present() {
  local package=${1%%:*} command=""
  [[ $1 == *:* ]] && command=${1#*:}
  if [[ -n $command ]] && command -v "$command" >/dev/null; then
    return 0
  fi
  command -v dpkg-query >/dev/null || return 1
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]]
}

missing=()
for entry in "${packages[@]}"; do
  is_present "$entry" || missing+=("${entry%%:*}")
done
if ((${#missing[@]} == 0)); then
  echo "all ${#packages[@]} packages are present: nothing to install"
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "no apt-get here; please install the counterparts of: ${missing[*]}" >&2
  echo "(going on: cmake names what is really missing)" >&2
  exit 0
fi
as_root=(env)
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "not root and no sudo; please run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo env)
fi

echo "installing ${#missing[@]} packages: ${missing[*]}"
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get update -qq
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
echo "installed: ${missing[*]}"
