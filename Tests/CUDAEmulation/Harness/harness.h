// For trying a kernel's text alone: README.md, "A kernel by itself".
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "../Card/faults.h"
#include "../Card/launch.h"
#include "../Card/memory.h"

// `count` elements filled with NaNs (all bits one), with pages around them that end the program when touched.
template <class E> E *device_array(size_t count) {
  void *memory = take_guarded(count * sizeof(E));
  if (!memory) {
    fprintf(stderr, "device_array: no memory\n");
    exit(1);
  }
  return static_cast<E *>(memory);
}
template <class E> void free_device_array(E *array) {
  bool is_whole;
  give_guarded(array, &is_whole);
  if (!is_whole) {
    fprintf(stderr, "something was written past the end of a device array, or it is none\n");
    exit(1);
  }
}

extern "C" __attribute__((weak, visibility("hidden"))) unsigned char __start_apus_shared[], __stop_apus_shared[];

// Runs a kernel at once. An error ends the program.
template <class Arguments>
void emulate_launch_named(const char *name, void (*entry)(const void *), size_t bytes, unsigned threads, dim3 grid,
                          dim3 block, size_t shared_bytes, const Arguments &arguments) {
  const unsigned count = block.x * block.y * block.z;
  if (bytes != sizeof(Arguments)) {
    fprintf(stderr, "%s takes %zu bytes of arguments, not %zu\n", name, bytes, sizeof(Arguments));
    exit(1);
  }
  if (count == 0 || count > threads || !grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535) {
    fprintf(stderr, "%s: %u threads (at most %u), grid (%u, %u, %u)\n", name, count, threads, grid.x, grid.y, grid.z);
    exit(1);
  }
  catch_faults();
  Kernel kernel = {name, entry, bytes, threads, __start_apus_shared,
                   (size_t)(__stop_apus_shared - __start_apus_shared)};
  std::string error;
  if (!run_launch(kernel, {grid.x, grid.y, grid.z}, {block.x, block.y, block.z}, shared_bytes, &arguments, error)) {
    fprintf(stderr, "%s\n", error.c_str());
    exit(1);
  }
}
// emulate_launch(kernel, grid, block, sharedBytes, arguments): `grid` and `block` are numbers or dim3(x, y, z).
#define emulate_launch(name, grid, block, shared_bytes, arguments) \
  emulate_launch_named(#name, name, name##_bytes, name##_threads, grid, block, shared_bytes, arguments)
