#!/usr/bin/env bash
# Builds the emulated libraries into a folder of the given one, where that was not done before, and prints its path.
# Several processes may do so at once.
#
#   Tests/CUDAEmulation/build.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?a folder to build into}
source "$here/find_clang.sh"

build=$( (cat "$here"/{Prelude,Card,Driver,NVRTC,BLASLt}/* "$0"; "$clangxx" --version; uname -m
  grep -m1 -E 'flags|Features' /proc/cpuinfo) | sha256sum | cut -c1-16)
if [ ! -d "$folder/$build" ]; then
  mkdir -p "$folder"
  made=$(mktemp -d "$folder/making.XXXXXX")
  trap 'rm -rf "$made"' EXIT
  card=$("$here/build_card.sh")
  flags=(-std=c++17 -O2 -march=native -fPIC -fvisibility=hidden -Wall -Wno-return-type-c-linkage
    -Wno-extern-initializer -shared -fuse-ld=lld -Wl,-Bsymbolic)
  # Their own names, so that they find each other where NVIDIA's are loaded too.
  library() { # NAME FILE SOURCES…
    "$clangxx" "${flags[@]}" -Wl,-soname,"$1" "${@:3}" -o "$made/$1"
    ln -s "$1" "$made/$2"
  }
  library libapus_emulated_driver.so libcuda.so.1 "$here"/Driver/*.cpp "$card"/*.o -ldl -lpthread & driver=$!
  library libapus_emulated_nvrtc.so libnvrtc.so.13 -DCLANG="\"$clangxx\"" -DBUILD="\"$build\"" "$here"/NVRTC/*.cpp \
    -ldl & nvrtc=$!
  wait $driver
  library libapus_emulated_blaslt.so libcublasLt.so.13 -O3 "$here"/BLASLt/*.cpp "$made/libapus_emulated_driver.so" \
    -Wl,-rpath,'$ORIGIN'
  wait $nvrtc
  # NVRTC's other half, of which Apus asks that it is there.
  touch "$made/libnvrtc-builtins.so.13.0"
  mkdir "$made/Prelude"
  cp "$here"/Prelude/*.h "$made/Prelude/"
  mv -T "$made" "$folder/$build" 2>/dev/null || [ -d "$folder/$build" ]
fi
echo "$folder/$build"
