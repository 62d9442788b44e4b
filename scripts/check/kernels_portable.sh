#!/bin/sh
# Compiles every C file of the kernels for aarch64, where only the portable variant exists, and with gcc for x86-64
# where there is one: neither is built by a plain `swift build` on x86-64. Warnings are errors.
#
# System headers for aarch64 are those of Debian's libc6-dev-arm64-cross where installed, otherwise the host's glibc
# headers, which are enough to check syntax and types. CLANG and GCC choose other compilers.
set -eu
cd "$(dirname "$0")/../.."

clang=${CLANG:-clang}
gcc=${GCC:-gcc}
kernels=Sources/CKernels
includes="-I $kernels/include -I $kernels/internal"
warnings="-std=gnu11 -Wall -Wextra -Werror"

if ! command -v "$clang" >/dev/null; then
  echo "kernels_portable: no '$clang' on PATH; the Swift toolchain has one in its bin folder (or set CLANG)" >&2
  exit 2
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cross=/usr/aarch64-linux-gnu/include
if [ -d "$cross" ]; then
  system="-nostdlibinc -isystem $cross"
else
  # x86 headers take any other processor for a 32-bit one.
  mkdir "$scratch/bits" "$scratch/gnu"
  : >"$scratch/gnu/stubs-32.h"
  echo '#define __WORDSIZE 64' >"$scratch/bits/wordsize.h"
  multiarch=$("$gcc" -print-multiarch 2>/dev/null || true)
  host=/usr/include/${multiarch:-x86_64-linux-gnu}
  [ -d "$host" ] || host=/usr/include
  system="-isystem $scratch -isystem $host -D__regparm__(registers)=__unused__"
fi

failed=0
count=0
check() {
  label=$1
  shift
  if ! "$@"; then
    echo "kernels_portable: $label failed" >&2
    failed=1
  fi
}

for file in $(find "$kernels" -name '*.c' | sort); do
  count=$((count + 1))
  # shellcheck disable=SC2086 # several words on purpose
  check "$file for aarch64" "$clang" --target=aarch64-linux-gnu -fsyntax-only $warnings $includes $system \
    "$file"
done
echo "kernels_portable: $count files for aarch64 with clang"

if [ "$(uname -m)" = x86_64 ] && command -v "$gcc" >/dev/null; then
  for file in $(find "$kernels" -name '*.c' | sort); do
    # With code generation: gcc finds a helper that cannot be inlined into its variant only then.
    # shellcheck disable=SC2086
    check "$file with gcc" "$gcc" -O2 -c -o "$scratch/object.o" $warnings -Wno-psabi $includes "$file"
  done
  echo "kernels_portable: $count files for x86-64 with gcc"
fi
exit $failed
