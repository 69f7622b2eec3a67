#!/usr/bin/env bash
# quickstart.sh — from a fresh checkout on a bare Debian 12 to a running demo, in one command.
# Usage: tools/quickstart.sh [arguments of "ringroad demo"]
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== packages"
tools/install_deps.sh
echo "== build (build/release)"
cmake --preset release
cmake --build --preset release --target ringroad_program
echo "== build/release/ringroad demo $*"
exec build/release/ringroad demo "$@"
