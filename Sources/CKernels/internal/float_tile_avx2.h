// Float tiles of 16 columns for AVX2, in intrinsics: of the general body compilers load an element of A, then broadcast
// it from a register, and run out of the sixteen registers.
#ifndef APUS_FLOAT_TILE_AVX2_H
#define APUS_FLOAT_TILE_AVX2_H
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define AVX2 static __attribute__((target("avx2,fma")))
#define UNROLL _Pragma("GCC unroll 16")
// `LEFT(i)` is the address of row i's element at depth k.
#define AVX2_BODY(rows, LEFT)                                                                                          \
  const float *a = pa, *b = pb;                                                                                        \
  __m256 sum[rows][2];                                                                                                 \
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++) sum[i][j] =                                 \
      accumulate ? _mm256_loadu_ps(c + i * c_stride + j * 8) : _mm256_setzero_ps();                                    \
  for (int64_t k = 0; k < depth; k++, b += 16) {                                                                       \
    __m256 right0 = _mm256_loadu_ps(b), right1 = _mm256_loadu_ps(b + 8);                                               \
    UNROLL for (int i = 0; i < rows; i++) {                                                                            \
      __m256 left = _mm256_broadcast_ss(LEFT(rows, i));                                                                \
      sum[i][0] = _mm256_fmadd_ps(left, right0, sum[i][0]);                                                            \
      sum[i][1] = _mm256_fmadd_ps(left, right1, sum[i][1]);                                                            \
    }                                                                                                                  \
  }                                                                                                                    \
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++)                                             \
      _mm256_storeu_ps(c + i * c_stride + j * 8, sum[i][j])
#define AVX2_PACKED(rows, i) (a + k * (rows) + (i))
#define AVX2_IN_PLACE(rows, i) (a + k + (i) * a_stride)
#define AVX2_TILE(rows)                                                                                                \
  AVX2 void intrinsic_tile_##rows(int64_t depth, const void *pa, const void *pb, float *c, int64_t c_stride,           \
                                  bool accumulate) {                                                                   \
    AVX2_BODY(rows, AVX2_PACKED);                                                                                      \
  }
#define AVX2_DIRECT(rows)                                                                                              \
  AVX2 void intrinsic_direct_##rows(int64_t depth, const void *pa, int64_t a_bytes, const void *pb, float *c,          \
                                    int64_t c_stride, bool accumulate) {                                               \
    const int64_t a_stride = a_bytes / 4;                                                                              \
    AVX2_BODY(rows, AVX2_IN_PLACE);                                                                                    \
  }
AVX2_TILE(6)
AVX2_TILE(4)
AVX2_DIRECT(6)
AVX2_DIRECT(4)
AVX2_DIRECT(1)
#undef UNROLL
#undef AVX2
#endif
#endif
