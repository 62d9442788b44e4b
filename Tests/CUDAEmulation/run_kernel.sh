#!/usr/bin/env bash
# Runs a kernel's text on the CPU from a small C++ program: README.md, "A kernel by itself".
#
#   run_kernel.sh HARNESS.cpp [HEADER.cuh …] KERNEL.cu [-DNAME=VALUE …] [--sanitize] [--races] [-- ARGUMENT…]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernels=$here/../../Sources/CUDATensors/Kernels
source "$here/find_clang.sh"

harness= texts=() defines= flags=(-O2 -march=native)
while (($#)); do
  case $1 in
  --) shift; break ;;
  --sanitize) flags+=(-O1 -g -fsanitize=undefined,bounds -fno-sanitize-recover=undefined) ;;
  --races)
    export APUS_EMULATED_RACES=1
    flags+=(-DAPUS_EMULATED_RACES -fsanitize-coverage=func,trace-loads,trace-stores)
    ;;
  -D*=*) name=${1#-D}; defines+="#define ${name%%=*} ${name#*=}"$'\n' ;;
  -D*) defines+="#define ${1#-D} 1"$'\n' ;;
  -*) flags+=("$1") ;;
  *) if [ -z "$harness" ]; then harness=$1; elif [ -f "$1" ]; then texts+=("$1"); else texts+=("$kernels/$1"); fi ;;
  esac
  shift
done
[ -f "$harness" ] && [ ${#texts[@]} -gt 0 ] || { sed -n '4p' "$0" >&2; exit 2; }
[[ $defines == *"#define T "* ]] || defines+="#define T float"$'\n'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  echo "#include \"$here/Prelude/threads.h\""
  echo "#include \"$here/Harness/harness.h\""
  printf '%s' "$defines"
  echo "#define reinterpret_cast emulated_cast"
  echo "#include \"$kernels/common.cuh\""
  echo "#include \"$kernels/tensor_cores.cuh\""
  for text in "${texts[@]}"; do echo "#include \"$(realpath "$text")\""; done
  echo "#undef reinterpret_cast"
  echo "#include \"$(realpath "$harness")\""
} >"$work/main.cpp"

card=$("$here/build_card.sh")
"$clangxx" -std=c++17 "${flags[@]}" -DAPUS_EMULATED -Wall -Wno-unused-function -Wno-unused-variable \
  -Wno-extern-initializer -Wno-unknown-pragmas -c "$work/main.cpp" -o "$work/main.o"
"$clangxx" -fuse-ld=lld "${flags[@]}" "$work/main.o" "$card"/*.o -ldl -lpthread -o "$work/main"
"$work/main" "$@"
