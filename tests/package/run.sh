#!/usr/bin/env bash
# run.sh — Ringroad as its users get it: installed, moved, found by CMake and pkg-config, as a
# subdirectory, and as Debian packages that are installed, run and removed, beside this system.
# Usage: tests/package/run.sh        RINGROAD_BUILD: the build folder; default build/release
# Prints PASS, FAIL or SKIP for each check; last line "N passed, N failed, N skipped".
# Exit: 0 nothing failed, 1 something failed, 77 skipped: the last line says why.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${RINGROAD_BUILD:-$root/build/release}
if [[ ! -f $build/CMakeCache.txt ]]; then
  echo "no build in $build: cmake --preset release && cmake --build --preset release" >&2
  exit 1
fi
build=$(cd "$build" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compilers=(g++)
for compiler in clang++ clang++-14; do
  if command -v "$compiler" >/dev/null; then
    compilers+=("$compiler")
    break
  fi
done

# ---- Counting ---------------------------------------------------------------------------------

passed=0
failed=0
skipped=0

# check <name> <command>...: PASS if it returns 0; else FAIL, behind what it printed.
check() {
  local name=$1 code
  shift
  set +e # the shell ignores -e inside conditions, and so would the command
  (
    set -e
    "$@"
  ) >"$work/log" 2>&1
  code=$?
  set -e
  if ((code == 0)); then
    echo "PASS $name"
    passed=$((passed + 1))
  else
    tail -n 40 "$work/log" | sed 's/^/  /'
    echo "FAIL $name"
    failed=$((failed + 1))
  fi
}

skip() { # name, cause
  echo "SKIP $1: $2"
  skipped=$((skipped + 1))
}

# ---- What an installed tree is ----------------------------------------------------------------

cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

files_of() { (cd "$1" && find . -type f -printf '%P\n' | sort); }

expected_files() {
  printf '%s\n' bin/ringroad "$libdir"/libringroad.a "$libdir"/pkgconfig/ringroad.pc \
    "$libdir"/cmake/ringroad/ringroad{Config,ConfigVersion,Targets,Targets-"$config"}.cmake \
    share/doc/libringroad-dev/copyright share/doc/ringroad/copyright \
    share/doc/ringroad/{CHANGELOG,OPERATIONS,RELIABILITY,SECURITY,WIRE}.md
  (cd "$root" && find include -type f)
}

is_complete() { diff <(expected_files | sort) <(files_of "$1"); }

names_no_machine() {
  if grep -rlaF -e "$root/" -e "$build" -e "$work" "$1"; then
    echo "^ names a path of this machine"
    return 1
  fi
}

install_with_destdir() {
  DESTDIR=$work/destdir cmake --install "$build" --prefix /opt/ringroad
  diff -r "$work/destdir/opt/ringroad" "$work/installed"
  [[ $(cd "$work/destdir" && find . -type f | grep -vc '^./opt/ringroad/') == 0 ]]
}

# ---- Users of it ------------------------------------------------------------------------------

passes() { # the program prints PASS and nothing else
  local said
  said=$("$1") || true
  echo "$said"
  [[ $said == PASS ]]
}

# Neither warnings nor sanitizers nor macros of ours reach a user's compiler. -std: C++20.
flags_are_clean() { # compile_commands.json
  local command
  command=$(grep '"command".*main\.cc' "$1")
  echo "$command"
  [[ $command == *" -std="*"++20 "* ]] && [[ ! $command =~ \ -[WDfm] ]]
}

by_cmake() { # compiler, folder, options...
  local compiler=$1 folder=$work/$2
  shift 2
  cmake -S "$here/consumer" -B "$folder" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@"
  cmake --build "$folder" --parallel 2
  flags_are_clean "$folder/compile_commands.json"
  passes "$folder/consumer"
}

by_pkg_config() { # compiler, options...
  local compiler=$1 flags program=$work/by_pkg_config
  shift
  [[ $(pkg-config --cflags ringroad) =~ ^-I[^\ ]*\ *$ ]]
  flags=$(pkg-config --cflags --libs "$@" ringroad)
  echo "$flags"
  # shellcheck disable=SC2086 # they are words
  "$compiler" -std=c++20 "$here/consumer/main.cc" $flags -o "$program"
  passes "$program"
}

# refuses <text> <source> <options>...: configuring fails, and a line of it is the text.
refuses() {
  local text=$1 source=$2
  shift 2
  if cmake --fresh -S "$source" -B "$work/refused" -G Ninja "$@" >"$work/said" 2>&1; then
    echo "configured all the same"
    return 1
  fi
  cat "$work/said"
  grep -q "^ *$text\$" "$work/said"
}

without() { # CMake package, text, source, options...
  local package=$1 text=$2 source=$3
  shift 3
  if [[ $package == liburing ]]; then
    PKG_CONFIG_LIBDIR=$work refuses "$text" "$source" "$@"
  else
    refuses "$text" "$source" -DCMAKE_DISABLE_FIND_PACKAGE_"$package"=ON "$@"
  fi
}

test_missing() {
  local entry package text
  for entry in "PkgConfig:pkg-config is missing: apt-get install pkg-config" \
    "liburing:liburing >= 2.3 is missing: apt-get install liburing-dev" \
    "simdjson:simdjson >= 3.0 is missing: apt-get install libsimdjson-dev" \
    "fmt:fmt >= 9.1 is missing: apt-get install libfmt-dev" \
    "spdlog:spdlog >= 1.10 is missing: apt-get install libspdlog-dev"; do
    package=${entry%%:*}
    text=${entry#*:}
    check "find_package-without-$package" without "$package" "$text" "$here/consumer" \
      -DCMAKE_PREFIX_PATH="$moved"
    check "configure-without-$package" without "$package" "$text" "$root"
  done
  for entry in "CLI11:CLI11 >= 2.1 is missing: apt-get install libcli11-dev" \
    "ZLIB:ZLIB >= 1.2 is missing: apt-get install zlib1g-dev" \
    "nlohmann_json:nlohmann_json >= 3.11 is missing: apt-get install nlohmann-json3-dev" \
    "GTest:GTest >= 1.12 is missing: apt-get install libgtest-dev libgmock-dev"; do
    check "configure-without-${entry%%:*}" without "${entry%%:*}" "${entry#*:}" "$root"
  done
}

# ---- Debian packages --------------------------------------------------------------------------

debs=$work/packages
deb_root=$work/deb_root

# Unpacks into a folder of its own, and knows what this system has installed from a copy.
dpkg_beside() {
  PATH=$PATH:/usr/sbin:/sbin dpkg --instdir="$deb_root" --admindir="$work/dpkg" \
    --log="$work/dpkg.log" --force-script-chrootless --force-not-root --no-triggers "$@"
}

copy_dpkg_database() {
  local name
  mkdir -p "$work"/dpkg/{triggers,updates} "$deb_root"
  for name in status info diversions statoverride arch; do
    [[ ! -e /var/lib/dpkg/$name ]] || cp -r "/var/lib/dpkg/$name" "$work/dpkg/"
  done
}

field() { dpkg-deb -f "$debs/$1" "$2"; }

# Its files are root's and below /usr; nothing runs as root when it is installed.
is_plain() {
  dpkg-deb -I "$debs/$1"
  dpkg-deb -c "$debs/$1"
  dpkg-deb -c "$debs/$1" | awk '$2 != "root/root" || $6 !~ "^\\./usr/" { bad = 1 } END { exit bad }'
  [[ $(dpkg-deb --ctrl-tarfile "$debs/$1" | tar -t | grep -cE '(pre|post)(inst|rm)$') == 0 ]]
  [[ $(field "$1" Maintainer) == *@* && -n $(field "$1" Description) ]]
}

program_depends() {
  local depends library
  depends=$(field "$program_deb" Depends)
  echo "$depends"
  for library in libc6 libstdc++6 liburing2 libsimdjson libspdlog libfmt zlib1g; do
    [[ $depends == *"$library"* ]]
  done
}

is_stripped() {
  local program=$deb_root/usr/bin/ringroad
  [[ $(readelf -S "$program" | grep -c '\.debug_') == 0 ]]
  [[ $(readelf -S "$deb_root/usr/lib/libringroad.a" | grep -c '\.debug_') == 0 ]]
}

tells_version() {
  [[ $("$deb_root/usr/bin/ringroad" --version) == "ringroad $(field "$program_deb" Version)" ]]
}

no_file_left() {
  dpkg_beside -r ringroad libringroad-dev
  [[ $(find "$deb_root" ! -type d | tee /dev/stderr | wc -l) == 0 ]]
}

test_debs() {
  local tool dev_deb arch
  for tool in dpkg dpkg-deb dpkg-shlibdeps file; do
    if ! command -v "$tool" >/dev/null; then
      skip deb "no $tool: apt-get install dpkg-dev file"
      return
    fi
  done
  check deb-cpack cpack --config "$build/CPackConfig.cmake" -B "$debs"
  arch=$(dpkg --print-architecture)
  program_deb=ringroad_${version}_$arch.deb
  dev_deb=libringroad-dev_${version}_$arch.deb
  check deb-program is_plain "$program_deb"
  check deb-library is_plain "$dev_deb"
  check deb-program-depends program_depends
  check deb-dpkg-database copy_dpkg_database
  check deb-install dpkg_beside -i "$debs/$program_deb" "$debs/$dev_deb"
  check deb-no-path-of-this-machine names_no_machine "$deb_root"
  check deb-stripped is_stripped
  check deb-version tells_version
  check deb-doctor timeout 60 "$deb_root/usr/bin/ringroad" doctor
  check deb-demo timeout 60 "$deb_root/usr/bin/ringroad" demo --vehicles 20 --subscribers 50 \
    --duration 1
  check deb-find_package by_cmake g++ consumer_deb -DCMAKE_PREFIX_PATH="$deb_root/usr"
  check deb-remove no_file_left
}

# ---- The checks, in order ---------------------------------------------------------------------

cmake --build "$build" --target ringroad_program ringroad_archive --parallel 2 >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}
doctor=0
"$build/ringroad" doctor >/dev/null 2>&1 || doctor=$?
if ((doctor == 4)); then
  echo "the kernel or the limits do not allow io_uring: $build/ringroad doctor"
  exit 77
fi
libdir=$(cached CMAKE_INSTALL_LIBDIR)
version=$(cached CMAKE_PROJECT_VERSION)
config=$(cached CMAKE_BUILD_TYPE)
config=${config,,}
config=${config:-noconfig}

check install cmake --install "$build" --prefix "$work/installed"
check install-complete is_complete "$work/installed"
check install-no-path-of-this-machine names_no_machine "$work/installed"
check install-destdir install_with_destdir
moved=$work/moved
mv "$work/installed" "$moved"
rm -rf "$work/destdir"

export PKG_CONFIG_PATH=$moved/$libdir/pkgconfig
for compiler in "${compilers[@]}"; do
  check "find_package-$compiler" by_cmake "$compiler" "consumer_$compiler" \
    -DCMAKE_PREFIX_PATH="$moved" -DRINGROAD_WANTED="${version%.*}"
  check "pkg-config-$compiler" by_pkg_config "$compiler"
  check "pkg-config-static-$compiler" by_pkg_config "$compiler" --static
done
unset PKG_CONFIG_PATH
((${#compilers[@]} > 1)) || skip clang++ "it is not installed"
for wanted in 0.0 0.99; do
  check "find_package-not-as-$wanted" refuses ".*/ringroadConfig.cmake, version: $version" \
    "$here/consumer" -DCMAKE_PREFIX_PATH="$moved" -DRINGROAD_WANTED="$wanted"
done
test_missing
check add_subdirectory by_cmake g++ consumer_source -DRINGROAD_SOURCE="$root"
test_debs

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
