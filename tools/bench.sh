#!/usr/bin/env bash
# bench.sh — measures Ringroad beside the limits of the kernel and redis-server, on this machine.
# Usage: tools/bench.sh [--quick]
#   default  six scenarios of fan-out, 7 rounds each, and the micro benchmarks  (about 12 minutes)
#   --quick  two scenarios, 3 rounds                                            (about 1 minute)
# Needs two cores and a quiet machine. Tables on stdout; those and all rounds in build/bench.
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
tools/install_deps.sh --bench
cmake --preset release >"$results/build.log"
cmake --build --preset release --target fanout_bench ringroad_micro >>"$results/build.log" || {
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
if ! $quick; then
  echo "=== ringroad_micro" >&2
  build/release/bench/micro/ringroad_micro --benchmark_repetitions=5 --benchmark_min_time=0.1 \
    --benchmark_report_aggregates_only=true --benchmark_out="$results/micro.json" \
    --benchmark_out_format=json || code=$?
fi
echo "all rounds are in $results" >&2
exit "$code"
