#!/usr/bin/env bash
# Compiles the card itself (Card/) where that was not done before, and prints the folder of its object files.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/find_clang.sh"
key=$( (cat "$here"/{Card,Prelude}/* "$0"; "$clangxx" --version; uname -m
  grep -m1 -E 'flags|Features' /proc/cpuinfo) | sha256sum | cut -c1-16)
folder=${TMPDIR:-/tmp}/apus-emulated-card-$(id -u)/$key
if [ ! -d "$folder" ]; then
  mkdir -p "$(dirname "$folder")"
  made=$(mktemp -d "$folder.XXXXXX")
  for source in "$here"/Card/*.cpp; do
    "$clangxx" -std=c++17 -O2 -march=native -fPIC -Wall -Wno-extern-initializer -c "$source" \
      -o "$made/$(basename "$source" .cpp).o" &
    compilers+=($!)
  done
  for compiler in "${compilers[@]}"; do wait "$compiler"; done
  mv -T "$made" "$folder" 2>/dev/null || rm -rf "$made"
fi
echo "$folder"
