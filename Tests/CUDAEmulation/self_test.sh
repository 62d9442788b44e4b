#!/usr/bin/env bash
# Tests what the emulation promises: README.md.
#
#   Tests/CUDAEmulation/self_test.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?a folder to build into}
source "$here/find_clang.sh"
folder=$(cd "$("$here/build.sh" "$folder")" && pwd)
"$here/run_kernel.sh" "$here/SelfTest/block.cpp" "$here/SelfTest/block.cu"
# A missing barrier is found as a race.
{ "$here/run_kernel.sh" "$here/SelfTest/block.cpp" "$here/SelfTest/block.cu" --races 2>&1 || true; } |
  grep -q "kernel tree_without_barrier.* bytes that thread" || { echo "no race was found" >&2; exit 1; }
program=$(mktemp)
trap 'rm -f "$program"' EXIT
"$clangxx" -std=c++17 -O1 -Wall "$here/SelfTest/driver.cpp" "$folder"/lib{cuda.so.1,nvrtc.so.13,cublasLt.so.13} \
  -fuse-ld=lld -Wl,-rpath,"$folder" -o "$program"
"$program"
