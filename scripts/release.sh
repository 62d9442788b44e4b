#!/usr/bin/env bash
# Builds the one file that people install: dist/apus-<version>-linux-<architecture>.
#
#   scripts/release.sh [--scratch-path FOLDER] [--jobs N]
#
# Foundation's tables of locales (34 MB, of which Apus reads nothing) are replaced by an empty package. The file must stay
# under 60 MB.
# Swift's libraries and libstdc++ are linked in, so the result needs the C library alone; what Apus opens at run time
# (zlib, zstd, MPI, CUDA) stays optional. libgcc_s counts as the C library's: glibc itself opens it when a thread exits
# or is cancelled, aborts without it, and its packages require it. The script prints the size, the shared libraries and
# the oldest C library that will do, and then runs the file in an empty root that holds nothing but those. It ends with
# status 1 if any of this fails. Needs the Swift toolchain and binutils; the empty root needs root or user namespaces.
set -euo pipefail

fail() {
  echo "release.sh: $*" >&2
  exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$root/.build-release
jobs=()
while [ $# -gt 0 ]; do
  case $1 in
    --scratch-path) [ $# -ge 2 ] || fail "--scratch-path needs a folder"; scratch=$2; shift 2 ;;
    --jobs) [ $# -ge 2 ] || fail "--jobs needs a number"; jobs=(--jobs "$2"); shift 2 ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "unknown argument '$1'; see --help" ;;
  esac
done
[ "$(uname -s)" = Linux ] || fail "this machine runs $(uname -s), a release is built on Linux"
for tool in swift strip readelf ldd nm; do
  command -v "$tool" >/dev/null || fail "'$tool' is not on the path"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A folder that offers the static libstdc++ only, searched first: the driver has no other switch for it when it links
# Swift together with C++ packages.
toolchain=$(dirname "$(readlink -f "$(command -v swift)")")
compiler=$toolchain/clang
[ -x "$compiler" ] || compiler=$(command -v clang || command -v cc) || fail "no C compiler found"
archive=$("$compiler" -print-file-name=libstdc++.a)
[ -f "$archive" ] || fail "no static libstdc++ found; install the C++ development package (Debian: libstdc++-12-dev)"
mkdir -p "$scratch/static-libraries" && scratch=$(cd "$scratch" && pwd)
ln -sf "$archive" "$scratch/static-libraries/libstdc++.a"

# Foundation's tables of locales: the name that its version of ICU looks for means an empty package instead.
tables=$(nm -A "$toolchain/../lib/swift_static/linux/lib_FoundationICU.a" 2>/dev/null |
  sed -n 's/.* R \(icudt[0-9]*_dat\)$/\1/p')
[ -n "$tables" ] || fail "found no tables in the toolchain's static Foundation"
"$compiler" -O2 -c -DICU_SYMBOL=apus_no_tables "$root/scripts/release/icu_without_tables.c" \
  -o "$scratch/static-libraries/icu_without_tables.o" || fail "icu_without_tables.c does not compile"

build=(swift build --package-path "$root" --scratch-path "$scratch" -c release --static-swift-stdlib --product apus
  -Xlinker "-L$scratch/static-libraries" -Xlinker "$scratch/static-libraries/icu_without_tables.o"
  -Xlinker "--defsym=$tables=apus_no_tables" ${jobs[@]+"${jobs[@]}"})
"${build[@]}" >&2 || fail "the build failed"
built=$("${build[@]}" --show-bin-path)/apus
[ -x "$built" ] || fail "the build left no executable at $built"

version=$("$built" --version) || fail "$built --version failed"
[[ $version =~ ^[0-9A-Za-z.+-]+$ ]] || fail "'$version' is no version that a file name can hold"
release=$work/apus
strip -o "$release" "$built" || fail "strip failed"
chmod 755 "$release"

[ "$(stat -c %s "$release")" -le 60000000 ] || fail "the file has $(stat -c %s "$release") bytes, over 60 MB"
echo "size: $(stat -c %s "$release" | awk '{ printf "%.1f MB", $1 / 1e6 }')"
echo "sha256: $(sha256sum "$release" | cut -d' ' -f1)"
libraries=$(readelf -d "$release" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
echo "needs: $(echo $libraries)"
echo "oldest C library: $(readelf -V "$release" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)"
for library in $libraries; do
  case $library in
    libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libgcc_s.so.* | ld-linux*.so.*) ;;
    *) fail "the file needs $library, which is no part of the C library; look for the target that links it" ;;
  esac
done

# An empty root: the file, what the loader says it needs at the same paths, and /proc, where Swift finds its arguments.
mkdir -p "$work/root/tmp" "$work/root/proc"
cp "$release" "$work/root/apus"
ldd "$release" | grep -o '/[^ ]*' | while read -r path; do
  mkdir -p "$work/root$(dirname "$path")"
  cp -L "$path" "$work/root$path"
done
if [ "$(id -u)" = 0 ]; then
  apart=(unshare --mount)
else
  apart=(unshare --user --map-root-user --mount)
fi
if "${apart[@]}" mount --rbind /proc "$work/root/proc" 2>/dev/null; then
  where="an empty root"
  inside='mount --rbind /proc "$0/proc" && exec env -i "PATH=$PATH" chroot "$0" /apus --version'
  run=("${apart[@]}" sh -c "$inside" "$work/root")
else
  where="a cleared environment (an empty root is not permitted here)"
  run=(env -i "$release" --version)
fi
(cd / && "${run[@]}") >"$work/said" 2>"$work/complaint" ||
  fail "the file does not run in $where (status $?): $(head -c 500 "$work/complaint")"
[ "$(cat "$work/said")" = "$version" ] || fail "in $where it says '$(cat "$work/said")' and not '$version'"
echo "runs: says $version in $where"

# Only a file that passed gets the name of a release.
mkdir -p "$root/dist"
final=$root/dist/apus-$version-linux-$(uname -m)
cp "$release" "$final.part"
mv "$final.part" "$final"
echo "$final"
