#!/usr/bin/env bash
# Fuzzes a parser, or all of them: no input may crash it, keep it busy for ten seconds, take 2 GiB, or ask for three.
#
#   scripts/check/fuzz.sh [PARSER] [SECONDS]     all parsers, 60 seconds each; "all" stands for all
#
# Seconds are the processor's. Fuzz/Parsers.swift lists the parsers. Built with libFuzzer of the Swift toolchain and with the bounds of unsafe buffers
# checked, in .build-fuzz, so normal builds do not notice. Inputs that reached something new stay in
# .build-fuzz/inputs/PARSER/corpus, and the next run begins from them; one that crashed is
# .build-fuzz/inputs/PARSER/{crash,oom,timeout}-*, and to run it again: .build-fuzz/release/Fuzz PARSER FILE
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
wanted=${1:-all}
seconds=${2:-60}

APUS_FUZZ=1 swift build -c release --scratch-path .build-fuzz --product Fuzz \
  -Xswiftc -sanitize=fuzzer -Xswiftc -assert-config -Xswiftc Debug -Xswiftc -use-ld=lld -Xlinker -lstdc++
fuzz=.build-fuzz/release/Fuzz
# Swift's own report of a crash would keep libFuzzer from saving the input.
export SWIFT_BACKTRACE=enable=no
trap 'rm -rf /dev/shm/apus-fuzz-*' EXIT

parsers=$wanted
[ "$wanted" = all ] && parsers=$("$fuzz")
failed=()
for parser in $parsers; do
  echo "== $parser, $seconds seconds"
  folder=.build-fuzz/inputs/$parser
  mkdir -p "$folder"
  log=$folder/log.txt
  if "$fuzz" "$parser" "$seconds" "$folder" >"$log" 2>&1; then
    grep -E "number_of_executed_units|peak_rss_mb" "$log" | sed 's/^stat:://'
    grep -oE "cov: [0-9]+" "$log" | tail -1
  else
    tail -40 "$log"
    failed+=("$parser")
  fi
done
[ ${#failed[@]} -eq 0 ] || { echo "crashed: ${failed[*]}" >&2; exit 1; }
