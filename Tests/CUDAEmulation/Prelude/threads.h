// What is built into CUDA C++, for kernel text that clang compiles for the emulation: comes before common.cuh.
#pragma once
#ifndef APUS_EMULATED
#error "compile with -DAPUS_EMULATED"
#endif
#include <math.h>
#include <string.h>

#include "card.h"

#define __device__
#define __host__
#define __global__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__
// One OS thread runs the blocks one after the other, so that a static is a block's own. All of them lie in one section:
// the card fills it with NaNs before each block.
#define __shared__ static __attribute__((section("apus_shared")))

#define threadIdx (apus_card->threadIdx)
#define blockIdx (apus_card->blockIdx)
#define blockDim (apus_card->blockDim)
#define gridDim (apus_card->gridDim)
#define warpSize 32

// NAME takes the argument struct, NAME_bytes is the struct's size, NAME_threads the most threads of a block.
#define KERNEL_OF(threads, name, Arguments)                                            \
  static inline void name##_thread(const Arguments a);                                 \
  extern "C" {                                                                         \
  extern const unsigned long long name##_bytes = sizeof(Arguments);                    \
  extern const unsigned long long name##_threads = threads;                            \
  void name(const void *a) { name##_thread(*static_cast<const Arguments *>(a)); }      \
  }                                                                                    \
  static inline __attribute__((always_inline)) void name##_thread(const Arguments a)
#define KERNEL(name, Arguments) KERNEL_OF(1024, name, Arguments)
#define DYNAMIC_SHARED(name) unsigned char *const name = apus_card->dynamic_shared

#include "touches.h"
#include "numbers.h"
#include "vectors.h"
#include "collectives.h"
#include "casts.h"
#include "tensor_cores.h"
