// Sixteen float lanes on every instruction set: the compiler splits them where registers are narrower, so that
// sums are taken in the same order everywhere. Included by each operation, once for every variant.
#ifndef APUS_VECTOR_H
#define APUS_VECTOR_H
#include "apus_base.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#define LANES 16
#define LOG2_E 1.44269504088896341f
#define LN_2 0.693147180559945309f
typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));
typedef uint16_t vh __attribute__((vector_size(32)));

#define vsplat(x) ((vf){0} + (float)(x))
#define vselect(mask, a, b) ((vf)(((vi)(mask) & (vi)(a)) | (~(vi)(mask) & (vi)(b))))

INLINE float bf16_to_float(uint16_t h) {
  uint32_t u = (uint32_t)h << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}
// Round to nearest even; a NaN stays a NaN.
INLINE uint16_t float_to_bf16(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((u >> 16) | 0x40);
  return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1)) >> 16);
}

#define LOAD_F32(out, p) memcpy(&(out), (p), 64)
// A macro, as a 64-byte vector would cross a function boundary between targets.
#define BF16_WIDEN(h) ((vf)(__builtin_convertvector((h), vu) << 16))

#endif
