#!/usr/bin/env bash
# test.sh — sets up a bare Debian 12 and runs the tests of Ringroad.
# Usage: tools/test.sh [--full]
#   default  release build, all tests, interop, packages, 5 s of each fuzz target (≤ 15 min, 2 cores)
#   --full   also clang, ASan+UBSan and TSan builds with all tests, 60 s each     (≤ 75 min, 2 cores)
# A failed stage does not stop the others. Last line: "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

full=false
fuzz_seconds=5
case ${1:-} in
  "") ;;
  --full)
    full=true
    fuzz_seconds=60
    ;;
  *)
    echo "usage: $0 [--full]" >&2
    exit 2
    ;;
esac

results=build/test-results
script_seconds=600 # a script with limits of its own has lower ones, and so still counts what it did
passed=0
failed=0
skipped=0
table=()
cause="" # set by a stage that returns 77 (skipped) or wants to say why it failed

count() { # passed failed skipped
  passed=$((passed + $1))
  failed=$((failed + $2))
  skipped=$((skipped + $3))
}

minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# stage <title> <command>...: runs it, notes PASS, FAIL or SKIP. Returns 0 only for PASS. A failure
# that no counted test explains (a build that breaks) counts as one failed test.
stage() {
  local title=$1 started=$SECONDS failed_before=$failed code=0 verdict
  shift
  cause=""
  printf '\n=== %s  [%s]\n' "$title" "$(minutes $SECONDS)"
  "$@" || code=$?
  case $code in
    0) verdict=PASS ;;
    77) verdict="SKIP ($cause)" ;;
    *)
      verdict="FAIL${cause:+ ($cause)}"
      ((failed > failed_before)) || count 0 1 0
      ;;
  esac
  table+=("$(printf '%-28s %6s  %s' "$title" "$(minutes $((SECONDS - started)))" "$verdict")")
  printf -- '--- %s: %s  [%s]\n' "$title" "$verdict" "$(minutes $((SECONDS - started)))"
  ((code == 0))
}

skip() { # title, cause
  stage "$1" skipped_because "$2" || true
}

skipped_because() {
  cause=$1
  count 0 0 1
  return 77
}

# New Linux kernels spread addresses further than the TSan of g++ 12 knows: no randomisation then.
run_for() {
  local preset=$1
  shift
  if [[ $preset == tsan ]] && setarch -R true 2>/dev/null; then
    setarch -R "$@"
  else
    "$@"
  fi
}

build() {
  local preset=$1
  cmake --preset "$preset" && cmake --build --preset "$preset"
}

attribute() { # name, file: the first name="number" in a JUnit file
  grep -o -m 1 "$1=\"[0-9]*\"" "$2" | head -n 1 | tr -dc 0-9
}

run_ctest() {
  local preset=$1 code=0 junit tests failures skips
  junit=$PWD/$results/$preset.xml
  rm -f "$junit"
  run_for "$preset" ctest --preset "$preset" --output-junit "$junit" || code=$?
  if [[ ! -s $junit ]]; then
    cause="ctest wrote no results"
    return 1
  fi
  tests=$(attribute tests "$junit")
  failures=$(attribute failures "$junit")
  skips=$(($(attribute skipped "$junit") + $(attribute disabled "$junit")))
  count $((tests - failures - skips)) "$failures" "$skips"
  return "$code"
}

# run_script <folder>: tests/<folder>/run.sh on the release build. It may close with its own "N passed,
# N failed, N skipped"; otherwise it is one test.
run_script() {
  local script=tests/$1/run.sh log=$results/$1.log code=0 last
  RINGROAD_BUILD=$PWD/build/release RINGROAD_PROGRAM=$PWD/build/release/ringroad \
    timeout "$script_seconds" "$script" 2>&1 | tee "$log" || code=$?
  last=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1 || true)
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
    ((BASH_REMATCH[2] == 0)) || code=1
  elif ((code == 77)); then
    skipped_because "${last:-$script says so}"
  elif ((code == 0)); then
    count 1 0 0
  fi
  return "$code"
}

# What libFuzzer learns stays in build/fuzz/corpus; the seeds in tests/fuzz/corpus are only read.
fuzz() {
  local name=$1 learned=build/fuzz/corpus/$1 corpus=() seed=$RANDOM
  mkdir -p "$learned" build/fuzz/findings
  corpus=("$learned")
  [[ ! -d tests/fuzz/corpus/$name ]] || corpus+=("tests/fuzz/corpus/$name")
  echo "seed $seed"
  if ! "build/fuzz/tests/fuzz/${name}_fuzz" -seed="$seed" -max_total_time="$fuzz_seconds" \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="build/fuzz/findings/$name-" \
    "${corpus[@]}"; then
    cause="input kept in build/fuzz/findings"
    return 1
  fi
  count 1 0 0
}

built=" " # presets whose build is of this run; an older program proves nothing

build_and_test() {
  local preset=$1
  if stage "$preset: build" build "$preset"; then
    built+="$preset "
    stage "$preset: ctest" run_ctest "$preset" || true
  else
    skip "$preset: ctest" "no $preset build"
  fi
}

test_script() { # folder
  if [[ ! -x tests/$1/run.sh ]]; then
    skip "$1" "tests/$1/run.sh is not there"
  elif [[ $built != *" release "* || ! -x build/release/ringroad ]]; then
    skip "$1" "no build/release/ringroad"
  else
    stage "$1" run_script "$1" || true
  fi
}

test_fuzz() {
  local targets=(tests/fuzz/*_fuzz.cc) target name
  if [[ ! -e ${targets[0]} ]]; then
    skip fuzz "no tests/fuzz/*_fuzz.cc"
    return
  fi
  if ! stage "fuzz: build" build fuzz; then
    skip fuzz "no fuzz build"
    return
  fi
  for target in "${targets[@]}"; do
    name=$(basename "$target" _fuzz.cc)
    stage "fuzz: $name" fuzz "$name" || true
  done
}

stage packages tools/install_deps.sh --dev || true
mkdir -p "$results"
build_and_test release
test_script interop
test_script package
if $full; then
  build_and_test clang
  build_and_test asan
  build_and_test tsan
fi
test_fuzz

printf '\n=== Summary  [%s]\n' "$(minutes $SECONDS)"
printf '%s\n' "${table[@]}"
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
