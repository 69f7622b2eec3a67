#!/usr/bin/env bash
# bench_zero_copy.sh — zero-copy sends off, automatic and forced, side by side, on this machine.
# Usage: tools/bench_zero_copy.sh [ROUNDS]          (default 5; about 2 minutes per round)
# On loopback, and as root with iproute2 also over a veth pair between two network namespaces.
# Needs two cores and a quiet machine. Tables on stdout; those and all rounds in build/bench.
# docs/PERFORMANCE.md says how to read them.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
results=build/bench
bench=$PWD/build/release/bench/macro/fanout_bench
namespaces=(ringroad-bench-server ringroad-bench-load)
scenarios=(
  "--subscribers 1 --payload 65536 --window 12"
  "--subscribers 100 --payload 1024 --window 64"
  "--subscribers 100 --payload 16384 --window 16"
  "--subscribers 100 --payload 65536 --window 4"
  "--subscribers 1000 --payload 1024 --window 64"
  "--subscribers 1000 --payload 16384 --window 16"
  "--subscribers 1000 --payload 65536 --window 4"
)

mkdir -p "$results"
cmake --preset release >"$results/build.log"
cmake --build --preset release --target fanout_bench >>"$results/build.log" || {
  tail -n 30 "$results/build.log" >&2
  exit 1
}

code=0
: >"$results/zero_copy.md"
measure() { # NAME PREFIX OPTIONS: every scenario
  local name=$1 prefix=$2 options=$3 scenario
  for scenario in "${scenarios[@]}"; do
    echo "=== $name $scenario" >&2
    printf '%s: ' "$name" | tee -a "$results/zero_copy.md"
    # shellcheck disable=SC2086 # they are words
    $prefix "$bench" $scenario $options --rounds "$rounds" --seconds 2 \
      --contenders ringroad-copy,ringroad,ringroad-lend \
      --json "$results/zero_copy_$name$(tr -d ' ' <<<"${scenario//--/-}").json" |
      tee -a "$results/zero_copy.md" || code=$?
    echo | tee -a "$results/zero_copy.md"
  done
}

remove_namespaces() {
  for namespace in "${namespaces[@]}"; do ip netns delete "$namespace" 2>/dev/null || true; done
}

make_namespaces() {
  remove_namespaces
  ip netns add "${namespaces[0]}" && ip netns add "${namespaces[1]}" || return 1
  trap remove_namespaces EXIT
  ip -n "${namespaces[0]}" link add veth0 type veth peer name veth0 netns "${namespaces[1]}"
  for side in 0 1; do
    ip -n "${namespaces[side]}" address add "10.111.0.$((side + 1))/24" dev veth0
    ip -n "${namespaces[side]}" link set veth0 up
    ip -n "${namespaces[side]}" link set lo up
  done
}

measure loopback "" ""
if make_namespaces; then
  # The load runs in one namespace and starts the server in the other.
  measure veth "ip netns exec ${namespaces[1]}" "--host 10.111.0.1 --netns ${namespaces[0]}"
else
  echo "SKIP veth: needs root and iproute2 (apt-get install iproute2)" >&2
fi
echo "all rounds are in $results" >&2
exit "$code"
