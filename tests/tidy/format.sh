#!/usr/bin/env bash
# format.sh — is every C++ file as clang-format 14 writes it? (--fix: make it so)
# Exit: 0 yes, 1 no, 77 skipped (no clang-format 14; other versions disagree in details).
set -euo pipefail
cd "$(dirname "$0")/../.."

program=""
for candidate in clang-format-14 clang-format; do
  if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q 'version 14\.'; then
    program=$candidate
    break
  fi
done
if [[ -z $program ]]; then
  echo "SKIP: clang-format 14 is not installed (apt-get install clang-format)"
  exit 77
fi

files=()
while IFS= read -r file; do
  files+=("$file")
done < <(find . \( -name build -o -name .git -o -name node_modules \) -prune -o \
  -type f \( -name '*.h' -o -name '*.cc' \) -print | sort)
if ((${#files[@]} == 0)); then
  echo "no C++ files"
  exit 0
fi
if [[ ${1:-} == --fix ]]; then
  exec "$program" -i "${files[@]}"
fi
if ! "$program" --dry-run --Werror "${files[@]}"; then
  echo "FAIL: run tests/tidy/format.sh --fix"
  exit 1
fi
echo "${#files[@]} files are formatted"
