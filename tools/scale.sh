#!/usr/bin/env bash
# scale.sh — one gateway with many idle subscribers of one topic: memory per client, time to
# connect, one publish to all of them, the end of all of them.
# Usage: tools/scale.sh [CLIENTS] [plain]   100000 on direct descriptors; plain: one of the process
#        each, for what a hard limit of open files above CLIENTS allows
# Takes half a minute to three, and about 1 GB for 100,000 clients, nearly all of it the kernel's, both
# ends counted. Shards and load processes are as many as the file limit makes necessary.
# Exit: 0 measured, and a client takes at most 512 bytes; 1 more than that, or somebody missed
# something; 2 usage; 77 SKIPPED, with the cause: this machine does not allow it.
# RINGROAD_BUILD names another build folder, which is then not built.
# docs/PERFORMANCE.md, "Memory and scale", says how to read it. No other script starts it.
set -euo pipefail
cd "$(dirname "$0")/.."

clients=${1:-100000}
mode=${2:-direct}
bytes_max=512
# A load process has its own source address, and Linux searches a free port for long once half of
# the 28,000 ports of an address are taken.
per_load=13000
warm_up=100

usage() { sed -n '2,13s/^# //p' "$0" >&2; exit 2; }
skip() { echo "SKIPPED: $1"; exit 77; }
note() { echo "$*" >&2; }
[[ $clients =~ ^[1-9][0-9]*$ && ($mode == direct || $mode == plain) && $# -le 2 ]] || usage
((clients >= 1000)) || usage

files=$(ulimit -Hn)
[[ $files == unlimited ]] && files=1048576
ulimit -n "$files"
((per_load < files - 32)) || per_load=$((files - 32))
((per_load >= 500)) || skip "$files open files per process (ulimit -Hn) are too few"
if [[ $mode == plain ]]; then
  shards=$(nproc)
  ((clients + 100 <= files)) || skip "plain descriptors: $clients clients need ulimit -Hn above that, it is $files"
else
  # The kernel's hash spreads connections over shards, not evenly to the last one: a tenth to spare.
  shards=$((clients * 11 / 10 / (files - 64) + 1))
  ((shards >= $(nproc))) || shards=$(nproc)
  ((shards <= 64)) || skip "$clients clients need $shards shards of ulimit -Hn $files each, 64 is the most"
fi
need_kib=$((clients * 12))
have_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
((have_kib > need_kib)) || skip "$((need_kib / 1024)) MiB of memory are needed, $((have_kib / 1024)) are there"
loads_needed=$(((clients + per_load - 1) / per_load))
((loads_needed <= 250)) || skip "$loads_needed load processes are too many"

build=${RINGROAD_BUILD:-build/release}
if [[ -z ${RINGROAD_BUILD:-} ]]; then
  note "building"
  cmake --preset release >/dev/null
  cmake --build --preset release --target ringroad_program scale_load >/dev/null
fi
load=$build/bench/scale/scale_load
work=$(mktemp -d)
loads=()
server=
finish() {
  for pid in "${loads[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [[ -n $server ]] && kill -INT "$server" 2>/dev/null; then wait "$server" || true; fi
  rm -rf "$work"
}
trap finish EXIT
fail() { note "FAILED: $1"; cat "$work"/*.err >&2; exit 1; }

server_kib() { awk '/^RssAnon:/ { print $2 }' "/proc/$server/status"; }
server_ns() { cat /proc/"$server"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f", sum }'; }
slab_kib() { awk '$1 == "Slab:" { print $2 }' /proc/meminfo; }
now_ns() { date +%s%N; }
said() { cat "$work"/load.*.out | awk -v word="$1" '$1 == word { n++ } END { print n + 0 }'; }
ratio() { awk -v a="$1" -v b="$2" -v digits="${3:-0}" 'BEGIN { printf "%.*f", digits, a / b }'; }

# Waits until every load has said the word.
all_say() {
  local ticks=0 pid
  while (($(said "$1") < ${#loads[@]})); do
    for pid in "${loads[@]}"; do kill -0 "$pid" 2>/dev/null || fail "a load process has ended"; done
    kill -0 "$server" 2>/dev/null || fail "the server has ended"
    ((++ticks < 3000)) || fail "no \"$1\" from everybody within five minutes"
    sleep 0.1
    ((ticks % 20 != 0)) || note "  $(awk '$1 == "clients" { n[FILENAME] = $2 }
      END { for (f in n) s += n[f]; print s + 0 }' "$work"/load.*.out) clients, $(server_kib) KiB"
  done
}
# COUNT clients, by processes at addresses of their own, from NET.2 on.
start_loads() { # COUNT NET
  local rest=$1 part next=1
  while ((rest > 0)); do
    part=$((rest < per_load ? rest : per_load))
    next=$((next + 1))
    : >"$work/load.$next.out"
    "$load" "$port" "$2.$next" "$part" >"$work/load.$next.out" 2>"$work/load.$next.err" &
    loads+=($!)
    rest=$((rest - part))
  done
}
# All leave at once; returns when the server has let all of them go.
end_loads() {
  local pid
  for pid in "${loads[@]}"; do kill "$pid"; done
  wait "${loads[@]}" 2>/dev/null || true
  loads=()
  rm -f "$work"/load.*.out
  until "$build/ringroad" call "vsoa://127.0.0.1:$port/ringroad/stats" 2>/dev/null |
    grep -q '"connections_now":1[,}]'; do # its own
    ((SECONDS < 1200)) || fail "the server keeps connections whose peers have gone"
    sleep 0.05
  done
}
# Until the server has nothing to do: a tenth of a second without work.
until_calm() {
  local before=0 now
  while now=$(server_ns) && ((now - before > 2000000)); do
    before=$now
    sleep 0.1
  done
}

options=(--listen 127.0.0.1:0 --shards "$shards" --queue-bytes 1048576)
[[ $mode == plain ]] || options+=(--direct-descriptors)
"$build/ringroad" serve "${options[@]}" >"$work/server.out" 2>"$work/server.err" &
server=$!
until grep -qs '^serving' "$work/server.out"; do
  if ! kill -0 "$server" 2>/dev/null; then
    code=0
    wait "$server" || code=$?
    ((code != 4)) || skip "$(cat "$work/server.err")"
    fail "the server did not start"
  fi
  sleep 0.05
done
port=$(sed -n 's|.*vsoa://127.0.0.1:\([0-9]*\).*|\1|p' "$work/server.out")
until_calm
fresh=$(server_kib)
note "$shards shards, fresh: $fresh KiB"

# A hundred come and go, again and again, so that each receive buffer has been used once: those pages
# are the server's and would otherwise count as memory of the first clients.
for ((round = 0; round < shards * 5 / 2 + 1; ++round)); do
  start_loads "$warm_up" 127.0.1
  all_say ready
  end_loads
done
until_calm
empty=$(server_kib)
note "its buffers used, nobody there: $empty KiB"

slab=$(slab_kib)
cpu=$(server_ns)
began=$(now_ns)
start_loads "$clients" 127.0.0
all_say ready
connect_ns=$(($(now_ns) - began))
connect_cpu=$(($(server_ns) - cpu))
until_calm
full=$(server_kib)
slab=$(($(slab_kib) - slab))
note "$clients clients: $full KiB"

cpu=$(server_ns)
"$load" "$port" 127.0.0.1 publish >"$work/publisher.out" 2>"$work/publisher.err" || fail "the publisher"
all_say got
publish_cpu=$(($(server_ns) - cpu))
sent=$(awk '$1 == "published" { print $2 }' "$work/publisher.out")
got=$(cat "$work"/load.*.out | awk '$1 == "got" { n += $3 } END { print n + 0 }')
last=$(cat "$work"/load.*.out | awk '$1 == "got" { print $2 }' | sort -n | tail -n 1)
note "published: $got have it"

cpu=$(server_ns)
began=$(now_ns)
end_loads
end_ns=$(($(now_ns) - began))
end_cpu=$(($(server_ns) - cpu))
after=$(server_kib)

per_client=$(ratio $(((full - empty) * 1024)) "$clients")
row() { printf '%-58s %s\n' "$1" "$2"; }
row "clients, shards, descriptors" "$clients, $shards, $mode"
row "server, bytes per client (bound: $bytes_max)" "$per_client"
row "  the same from a fresh start, buffers never used" "$(ratio $(((full - fresh) * 1024)) "$clients")"
row "server without clients: fresh, buffers used, KiB" "$fresh, $empty"
row "server after all have left, KiB" "$after"
row "kernel slab, bytes per connection, both ends" "$(ratio $((slab * 1024)) "$clients")"
row "connect, handshake, subscribe: all, s" "$(ratio "$connect_ns" 1000000000 1)"
row "  server CPU each, us" "$(ratio $((connect_cpu / 1000)) "$clients" 1)"
row "one publish: had by" "$got"
row "  the last has it after, ms" "$(ratio $((last - sent)) 1000000)"
row "  server CPU per delivery, ns" "$(ratio "$publish_cpu" "$clients")"
row "all leave at once: until the server has none, s" "$(ratio "$end_ns" 1000000000 1)"
row "  server CPU each, us" "$(ratio $((end_cpu / 1000)) "$clients" 1)"
# Nothing of it grows faster than the number of clients, but the number of shards.
row "a million, server alone, MiB (extrapolated)" \
  "$(awk -v b="$per_client" -v e="$empty" 'BEGIN { printf "%.0f", (b * 1e6 / 1024 + e) / 1024 }')"
row "a million, kernel slab, both ends, MiB (extrapolated)" \
  "$(awk -v k="$slab" -v n="$clients" 'BEGIN { printf "%.0f", k / n * 1e6 / 1024 }')"

((got == clients)) || fail "$((clients - got)) clients did not get the publish"
((per_client <= bytes_max)) || fail "$per_client bytes per client, more than $bytes_max"
