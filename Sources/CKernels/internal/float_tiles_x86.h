// Float tiles two vectors wide for AVX2 and AVX-512, in intrinsics: of the general body compilers load an element of A,
// broadcast it from a register, and run out of registers.
#ifndef APUS_FLOAT_TILES_X86_H
#define APUS_FLOAT_TILES_X86_H
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define UNROLL _Pragma("GCC unroll 16")
// `bits` are a vector's, `lanes` its floats; `LEFT(rows, i)` is the address of row i's element at depth k.
#define X86_BEGIN(bits, type, lanes, rows)                                                                             \
  const float *a = pa, *b = pb;                                                                                        \
  type sum[rows][2];                                                                                                   \
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++) sum[i][j] =                                 \
      accumulate ? _mm##bits##_loadu_ps(c + i * c_stride + j * lanes) : _mm##bits##_setzero_ps()
#define X86_DEPTH(bits, type, lanes, rows, LEFT, first, end)                                                           \
  for (int64_t k = first; k < end; k++, b += 2 * lanes) {                                                              \
    type right0 = _mm##bits##_loadu_ps(b), right1 = _mm##bits##_loadu_ps(b + lanes);                                   \
    UNROLL for (int i = 0; i < rows; i++) {                                                                            \
      type left = _mm##bits##_set1_ps(*LEFT(rows, i));                                                                 \
      sum[i][0] = _mm##bits##_fmadd_ps(left, right0, sum[i][0]);                                                       \
      sum[i][1] = _mm##bits##_fmadd_ps(left, right1, sum[i][1]);                                                       \
    }                                                                                                                  \
  }
#define X86_END(bits, lanes, rows)                                                                                     \
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++)                                             \
      _mm##bits##_storeu_ps(c + i * c_stride + j * lanes, sum[i][j])
#define X86_PACKED(rows, i) (a + k * (rows) + (i))
#define X86_IN_PLACE(rows, i) (a + k + (i) * a_stride)
#define X86_TILE(variant, features, bits, type, lanes, rows)                                                           \
  __attribute__((target(features))) static void intrinsic_tile_##rows##_##variant(                                     \
      int64_t depth, const void *pa, const void *pb, float *c, int64_t c_stride, bool accumulate) {                    \
    X86_BEGIN(bits, type, lanes, rows);                                                                                \
    X86_DEPTH(bits, type, lanes, rows, X86_PACKED, 0, depth)                                                           \
    X86_END(bits, lanes, rows);                                                                                        \
  }
#define X86_DIRECT(variant, features, bits, type, lanes, rows)                                                         \
  __attribute__((target(features))) static void intrinsic_direct_##rows##_##variant(                                   \
      int64_t depth, const void *pa, int64_t a_bytes, const void *pb, float *c, int64_t c_stride, bool accumulate) {   \
    const int64_t a_stride = a_bytes / 4;                                                                              \
    X86_BEGIN(bits, type, lanes, rows);                                                                                \
    X86_DEPTH(bits, type, lanes, rows, X86_IN_PLACE, 0, depth)                                                         \
    X86_END(bits, lanes, rows);                                                                                        \
  }
#define X86_FETCHING(variant, features, bits, type, lanes, rows)                                                       \
  __attribute__((target(features))) static void intrinsic_fetching_##rows##_##variant(                                 \
      int64_t depth, const void *pa, int64_t a_bytes, const void *pb, float *c, int64_t c_stride, bool accumulate,     \
      apus_fetches *fetches) {                                                                                         \
    const int64_t a_stride = a_bytes / 4;                                                                              \
    X86_BEGIN(bits, type, lanes, rows);                                                                                \
    for (int64_t first = 0, end; first < depth; first = end) {                                                         \
      end = first + APUS_FETCH_STEP < depth ? first + APUS_FETCH_STEP : depth;                                         \
      apus_fetch_some(fetches);                                                                                        \
      if (a_bytes) X86_DEPTH(bits, type, lanes, rows, X86_IN_PLACE, first, end)                                        \
      else X86_DEPTH(bits, type, lanes, rows, X86_PACKED, first, end)                                                  \
    }                                                                                                                  \
    X86_END(bits, lanes, rows);                                                                                        \
  }
#define AVX2(KIND, rows) KIND(avx2, "avx2,fma", 256, __m256, 8, rows)
#define AVX512(KIND, rows) KIND(avx512, "avx512f,avx512bw,avx512vl,avx512dq,fma", 512, __m512, 16, rows)
AVX2(X86_FETCHING, 6)
AVX2(X86_TILE, 6)
AVX2(X86_TILE, 4)
AVX2(X86_DIRECT, 6)
AVX2(X86_DIRECT, 4)
AVX2(X86_DIRECT, 1)
AVX512(X86_FETCHING, 14)
AVX512(X86_TILE, 14)
AVX512(X86_TILE, 8)
AVX512(X86_DIRECT, 14)
AVX512(X86_DIRECT, 8)
AVX512(X86_DIRECT, 4)
AVX512(X86_DIRECT, 1)
#undef UNROLL
#undef AVX2
#undef AVX512
#endif
#endif
