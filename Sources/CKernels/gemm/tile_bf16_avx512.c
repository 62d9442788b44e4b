// bf16 tiles on AVX-512's dot product of pairs (vdpbf16ps): depth goes two by two.
// Packed A is [depth / 2][rows][2], packed B [depth / 2][columns][2].
#include "gemm_kernels.h"
#if defined(__x86_64__)
#include "pack_pairs.h"
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define UNROLL _Pragma("GCC unroll 16")

// `LEFT(i)` is the pair of row i at the present depth, which `NEXT` goes on by one.
#define TILE_BODY(rows, LEFT, NEXT)                                                                                    \
    const char *b = pb;                                                                                                \
    __m512 sum[rows][2];                                                                                               \
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++) sum[i][j] =                               \
        accumulate ? _mm512_loadu_ps(c + i * c_stride + j * 16) : _mm512_setzero_ps();                                 \
    for (int64_t k = 0; k < depth / 2; k++, NEXT, b += 128) {                                                          \
      __m512bh right0 = (__m512bh)_mm512_load_si512(b), right1 = (__m512bh)_mm512_load_si512(b + 64);                  \
      UNROLL for (int i = 0; i < rows; i++) {                                                                          \
        __m512bh left = (__m512bh)_mm512_set1_epi32(LEFT(i));                                                          \
        sum[i][0] = _mm512_dpbf16_ps(sum[i][0], left, right0);                                                         \
        sum[i][1] = _mm512_dpbf16_ps(sum[i][1], left, right1);                                                         \
      }                                                                                                                \
    }                                                                                                                  \
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++)                                           \
        _mm512_storeu_ps(c + i * c_stride + j * 16, sum[i][j])

#define TILE(rows)                                                                                                     \
  TARGET static void tile_##rows(int64_t depth, const void *pa, const void *pb, float *c, int64_t c_stride,            \
                                 bool accumulate) {                                                                    \
    const int32_t *a = pa;                                                                                             \
    TILE_BODY(rows, PACKED, a += rows);                                                                                \
  }
#define PACKED(i) a[i]
TILE(14)
TILE(8)

// Base addresses of five rows each, so that every row is one addressing mode away.
#define ROW(i) (*(const int32_t *)((i < 5 ? a0 : i < 10 ? a5 : a10) + (i % 5) * a_bytes))
#define DIRECT(rows)                                                                                                   \
  TARGET static void direct_##rows(int64_t depth, const void *pa, int64_t a_bytes, const void *pb, float *c,           \
                                   int64_t c_stride, bool accumulate) {                                                \
    const char *a0 = pa, *a5 = a0 + 5 * a_bytes, *a10 = a0 + 10 * a_bytes;                                             \
    TILE_BODY(rows, ROW, (a0 += 4, a5 += 4, a10 += 4));                                                                \
  }
DIRECT(14)
DIRECT(8)
DIRECT(4)
DIRECT(1)

static void pack_14(apus_matrix m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 1) / 2, count, 14, panel);
}
static void pack_8(apus_matrix m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 1) / 2, count, 8, panel);
}
static void pack_32(apus_matrix m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 1) / 2, count, 32, panel);
}

const apus_gemm_kernel apus_bf16_large_avx512 = {14,       32,       2,        2,
                                                 tile_14,  direct_14, direct_4, direct_1,
                                                 pack_14,  pack_32,  NULL, NULL};
const apus_gemm_kernel apus_bf16_small_avx512 = {8,       32,       2,        2,
                                                 tile_8,  direct_8, direct_4, direct_1,
                                                 pack_8,  pack_32,  NULL, NULL};
#endif
