# Sets clangxx: the one of CLANG, that on the path, or that beside swift.
clang=${CLANG:-$(command -v clang || true)}
[ -n "$clang" ] || clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
clangxx=${clang%clang}clang++
[ -x "$clangxx" ] || { echo "no clang++ beside '$clang'; set CLANG" >&2; exit 1; }
