#!/usr/bin/env bash
# bench.sh — measures Ringroad beside the limits of the kernel and other servers, on this machine.
# Usage: tools/bench.sh [--quick]
#   default  eight scenarios of fan-out and one of latency, 7 rounds each, and the micro benchmarks
#            (about 45 minutes; rounds that something else disturbs are repeated)
#   --quick  two scenarios of fan-out and one of latency, 3 rounds  (about 5 minutes)
# Needs two cores and a quiet machine. Who is not installed is skipped, and named. Tables on stdout;
# all rounds in build/bench/bench.json, tables in bench.md, a page with figures in bench.html.
# docs/PERFORMANCE.md says how to read them.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=7
scenarios=(
  "--subscribers 1000"
  "--subscribers 1000 --window 8"
  "--subscribers 1000 --window 1"
  "--subscribers 100"
  "--subscribers 5000"
  "--subscribers 1000 --payload 1024"
  "--subscribers 100 --window 1"
  "--subscribers 5000 --window 1"
)
quick=false
case ${1:-} in
  "") ;;
  --quick)
    quick=true
    rounds=3
    scenarios=("${scenarios[0]}" "${scenarios[2]}")
    ;;
  *)
    echo "usage: $0 [--quick]" >&2
    exit 2
    ;;
esac

results=build/bench
mkdir -p "$results"
rm -f "$results"/*.json # of another run
tools/install_deps.sh --bench
if [[ ! -d tests/interop/node_modules/vsoa ]]; then # vsoa-node is skipped if this does not succeed
  (cd tests/interop && timeout 90 npm ci --prefer-offline --no-progress) &>"$results/npm.log" || true
fi
cmake --preset release >"$results/build.log"
cmake --build --preset release --target fanout_bench latency_bench ringroad_micro \
  >>"$results/build.log" || {
  tail -n 30 "$results/build.log" >&2
  exit 1
}

code=0
: >"$results/tables.md"
for scenario in "${scenarios[@]}"; do
  name=fanout$(tr -d ' ' <<<"${scenario//--/-}")
  echo "=== fanout_bench $scenario --rounds $rounds" >&2
  # shellcheck disable=SC2086 # they are words
  build/release/bench/macro/fanout_bench $scenario --rounds "$rounds" \
    --json "$results/$name.json" | tee -a "$results/tables.md" || code=$?
  echo | tee -a "$results/tables.md"
done
# A rate that each of them can keep: 50,000 deliveries per second.
servers=relay-limit,relay-k1,ringroad,redis,nats,mosquitto,zmq,vsoa-node
echo "=== latency_bench --subscribers 1000 --rate 50 --rounds $rounds" >&2
build/release/bench/macro/latency_bench --subscribers 1000 --rate 50 --rounds "$rounds" \
  --contenders "$servers" --json "$results/latency.json" | tee -a "$results/tables.md" || code=$?
if ! $quick; then
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
