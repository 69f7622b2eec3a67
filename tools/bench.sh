#!/usr/bin/env bash
# bench.sh — measures Ringroad beside the limits of the kernel and other servers, on this machine.
# Usage: tools/bench.sh [--quick] [--rounds N]
#   default  saturation (three sizes, three audiences), windows 1 and 8, latency, echo, many topics,
#            churn, quick (UDP), 7 rounds each, and the micro benchmarks  (about 45 minutes)
#   --quick  1,000 subscribers with 128 B, window 1, and echo 64 x 32, 3 rounds  (about 3 minutes)
# Rounds that something else disturbs are repeated. Needs two cores and a quiet machine. Who is not
# installed is skipped, and named. Tables on stdout; all rounds in build/bench/bench.json, tables in
# bench.md, a page with figures in bench.html. docs/PERFORMANCE.md says how to read them.
set -euo pipefail
cd "$(dirname "$0")/.."

quick=false
rounds=""
while (($# > 0)); do
  case $1 in
    --quick) quick=true ;;
    --rounds)
      rounds=${2:-}
      shift
      ;;
    *) rounds=usage ;;
  esac
  shift
done
if [[ -z $rounds ]]; then rounds=$($quick && echo 3 || echo 7); fi
if [[ ! $rounds =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: $0 [--quick] [--rounds N]" >&2
  exit 2
fi

results=build/bench
mkdir -p "$results"
rm -f "$results"/*.json # of another run
tools/install_deps.sh --bench
if [[ ! -d tests/interop/node_modules/vsoa ]]; then # vsoa-node is skipped if this does not succeed
  (cd tests/interop && timeout 90 npm ci --prefer-offline --no-progress) &>"$results/npm.log" || true
fi
cmake --preset release >"$results/build.log"
cmake --build --preset release \
  --target fanout_bench latency_bench echo_bench fleet_bench ringroad_micro \
  >>"$results/build.log" || {
  tail -n 30 "$results/build.log" >&2
  exit 1
}

code=0
: >"$results/tables.md"
measure() { # PROGRAM OPTIONS...
  local program=$1 name
  shift
  name=${program%_bench}$(printf '%s' "$*" | tr -cs 'a-z0-9' -)
  echo "=== $program $* --rounds $rounds" >&2
  "build/release/bench/macro/$program" "$@" --rounds "$rounds" --json "$results/$name.json" |
    tee -a "$results/tables.md" || code=$?
  echo | tee -a "$results/tables.md"
}

limits=limit-k1,relay-limit,relay-k1
measure fanout_bench --subscribers 1000
measure fanout_bench --subscribers 1000 --window 1
measure echo_bench --connections 64 --depth 32
if ! $quick; then
  measure fanout_bench --subscribers 1000 --window 8
  for audience in 100 1000 5000; do
    for payload in 128 1024 16384; do
      [[ $audience$payload == 1000128 ]] && continue # measured above, beside everybody
      measure fanout_bench --subscribers "$audience" --payload "$payload" \
        --contenders "$limits,ringroad,redis"
    done
  done
  for audience in 100 5000; do
    measure fanout_bench --subscribers "$audience" --window 1 --contenders "$limits,ringroad,redis"
  done
  measure fanout_bench --subscribers 1000 --contenders relay-limit,ringroad,ringroad-churn
  # A rate that each of them can keep: 50,000 deliveries per second.
  measure latency_bench --subscribers 1000 --rate 50 \
    --contenders relay-limit,relay-k1,ringroad,redis,nats,mosquitto,zmq,vsoa-node
  measure echo_bench --connections 64 --depth 1
  measure echo_bench --connections 1 --depth 32
  measure echo_bench --connections 1 --depth 1
  measure fleet_bench --shapes many,one,quick
  echo "=== ringroad_micro" >&2
  build/release/bench/micro/ringroad_micro --benchmark_repetitions=5 --benchmark_min_time=0.1 \
    --benchmark_report_aggregates_only=true --benchmark_out="$results/micro.json" \
    --benchmark_out_format=json || code=$?
fi
python=/usr/bin/python3 # Debian's own is the one with Debian's matplotlib
[[ -x $python ]] || python=python3
"$python" -B tools/bench_page.py "$results" || code=$?
echo "all rounds are in $results; the page is $results/bench.html" >&2
exit "$code"
