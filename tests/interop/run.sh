#!/usr/bin/env bash
# run.sh — Ringroad against the official Node implementation of VSOA (npm package vsoa), both ways.
# Usage: tests/interop/run.sh
#   RINGROAD_PROGRAM        the built program; default build/release/ringroad
#   RINGROAD_INTEROP_PEER   default: tests/interop/interop_peer in the program's build folder
# Prints PASS or FAIL for each check; last line "N passed, N failed, N skipped".
# Exit: 0 nothing failed, 1 something failed, 77 skipped: the last line says why.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

script_seconds=120
npm_seconds=90
all_seconds=540 # below the limit in tools/test.sh, which would lose the counts
scripts=(serve_handshake serve_relay serve_crowd playground_contract streams conform_node
  quirks_clients quirks_rows quirks_topics quirks_servers position_node peer_commands node_server)

skip() { # cause
  echo "$1"
  exit 77
}

# Node.js can load the package for this machine.
package_is_there() {
  [[ $(node -p 'require("vsoa/package.json").version' 2>/dev/null) == "$1" ]] &&
    node -e 'require("vsoa")' 2>/dev/null
}

prepare() {
  local wanted log
  command -v node >/dev/null || skip "Node.js is not installed: apt-get install nodejs"
  wanted=$(node -p 'require("./package.json").devDependencies.vsoa')
  package_is_there "$wanted" && return
  command -v npm >/dev/null || skip "npm is not installed: apt-get install npm"
  log=$(mktemp)
  if ! timeout "$npm_seconds" npm ci --prefer-offline --no-progress >"$log" 2>&1; then
    cat "$log"
    wanted=$(grep -m 1 -E '^npm (ERR!|error) ' "$log" || echo "no answer in $npm_seconds s")
    rm -f "$log"
    skip "npm ci did not get the package vsoa: $wanted"
  fi
  rm -f "$log"
  package_is_there "$wanted" ||
    skip "the package vsoa has no binding for $(node -p '`${process.platform} ${process.arch}`')"
}

program=${RINGROAD_PROGRAM:-$root/build/release/ringroad}
if [[ ! -x $program ]]; then
  echo "no program $program: cmake --preset release && cmake --build --preset release" >&2
  exit 1
fi
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
peer=${RINGROAD_INTEROP_PEER:-$(dirname "$program")/tests/interop/interop_peer}
if [[ -x $peer ]]; then
  peer=$(cd "$(dirname "$peer")" && pwd)/$(basename "$peer")
fi
cd "$here"
prepare

passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for script in "${scripts[@]}"; do
  if [[ $script =~ ^(peer_commands|node_server)$ && ! -x $peer ]]; then
    echo "SKIP $script: no interop_peer beside the program (RINGROAD_TESTS is off?)"
    skipped=$((skipped + 1))
    continue
  fi
  seconds=$((all_seconds - SECONDS))
  seconds=$((seconds < script_seconds ? seconds : script_seconds))
  if ((seconds <= 0)); then
    echo "FAIL $script: not tried, all $all_seconds s are used"
    failed=$((failed + 1))
    continue
  fi
  code=0
  RINGROAD_PROGRAM=$program RINGROAD_INTEROP_PEER=$peer \
    timeout -k 5 "$seconds" node "$script.js" | tee "$log" || code=$?
  good=$(grep -c '^PASS ' "$log" || true)
  bad=$(grep -c '^FAIL ' "$log" || true)
  if ((code != 0 && bad == 0)) || ((good + bad == 0)); then
    echo "FAIL $script: ended with code $code (124: not in $seconds s)"
    bad=$((bad + 1))
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
done

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
