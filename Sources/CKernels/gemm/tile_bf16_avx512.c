// bf16 tiles on AVX-512's dot product of pairs (vdpbf16ps): depth goes two by two.
// Packed A is [depth / 2][rows][2], packed B [depth / 2][columns][2].
#include "gemm_kernels.h"
#if defined(__x86_64__)
#include "pack_pairs.h"
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define UNROLL _Pragma("GCC unroll 16")

// `LEFT(i)` is the pair of row i at the present depth, which `NEXT` goes on by one; `START` and `FINISH` are what a sum
// begins with and what is done with a row's two.
#define TILE_BODY(rows, LEFT, NEXT, START, FINISH)                                                                     \
  const char *b = pb;                                                                                                  \
  __m512 sum[rows][2];                                                                                                 \
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++) sum[i][j] = START;                          \
  for (int64_t k = 0; k < depth / 2; k++, NEXT, b += 128) {                                                            \
    __m512bh right0 = (__m512bh)_mm512_load_si512(b), right1 = (__m512bh)_mm512_load_si512(b + 64);                    \
    UNROLL for (int i = 0; i < rows; i++) {                                                                            \
      __m512bh left = (__m512bh)_mm512_set1_epi32(LEFT(i));                                                            \
      sum[i][0] = _mm512_dpbf16_ps(sum[i][0], left, right0);                                                           \
      sum[i][1] = _mm512_dpbf16_ps(sum[i][1], left, right1);                                                           \
    }                                                                                                                  \
  }                                                                                                                    \
  UNROLL for (int i = 0; i < rows; i++) FINISH(i)
#define FROM_C (accumulate ? _mm512_loadu_ps(c + i * c_stride + j * 16) : _mm512_setzero_ps())
#define TO_C(i)                                                                                                        \
  do {                                                                                                                 \
    _mm512_storeu_ps(c + i * c_stride, sum[i][0]);                                                                     \
    _mm512_storeu_ps(c + i * c_stride + 16, sum[i][1]);                                                                \
  } while (0)
#define ROUNDED_TO_C(i) _mm512_storeu_si512(c + i * c_stride, (__m512i)_mm512_cvtne2ps_pbh(sum[i][1], sum[i][0]))

// The first `rows` of a panel of `width`.
#define PACKED(i) a[i]
#define NEXT_PACKED(width) (APUS_FETCH_PANEL(a), a += width)
#define TILE(name, rows, width)                                                                                        \
  TARGET static void name(int64_t depth, const void *pa, const void *pb, float *c, int64_t c_stride,                   \
                          bool accumulate) {                                                                           \
    const int32_t *a = pa;                                                                                             \
    TILE_BODY(rows, PACKED, NEXT_PACKED(width), FROM_C, TO_C);                                                         \
  }
TILE(tile_14, 14, 14)
TILE(tile_14_short, 8, 14)
TILE(tile_8, 8, 8)
TARGET static void rounded_14(int64_t depth, const void *pa, const void *pb, uint16_t *c, int64_t c_stride) {
  const int32_t *a = pa;
  TILE_BODY(14, PACKED, NEXT_PACKED(14), _mm512_setzero_ps(), ROUNDED_TO_C);
}

// Base addresses of five rows each, so that every row is one addressing mode away.
#define ROW(i) (*(const int32_t *)((i < 5 ? a0 : i < 10 ? a5 : a10) + (i % 5) * a_bytes))
#define ROWS const char *a0 = pa, *a5 = a0 + 5 * a_bytes, *a10 = a0 + 10 * a_bytes
#define NEXT_PAIR (a0 += 4, a5 += 4, a10 += 4)
// A whole tile fetches the rows of the one below it.
#define ROWS_BELOW                                                                                                     \
  const char *below = (const char *)pa + 14 * a_bytes;                                                                 \
  const int64_t below_bytes = depth < 2 ? 0 : 14 * a_bytes / (depth / 2)
#define NEXT_AND_BELOW (APUS_FETCH(below), below += below_bytes, NEXT_PAIR)
// Few rows read B from memory, one panel after another, which is all their work.
#define NEXT_AND_READ (NEXT_PAIR, __builtin_prefetch(b + 4096), __builtin_prefetch(b + 4160))
#define DIRECT(name, rows, NEXT)                                                                                       \
  TARGET void name(int64_t depth, const void *pa, int64_t a_bytes, const void *pb, float *c, int64_t c_stride,         \
                   bool accumulate) {                                                                                  \
    ROWS;                                                                                                              \
    TILE_BODY(rows, ROW, NEXT, FROM_C, TO_C);                                                                          \
  }
static DIRECT(direct_8, 8, NEXT_PAIR)
DIRECT(apus_direct_4_avx512, 4, NEXT_AND_READ)
DIRECT(apus_direct_1_avx512, 1, NEXT_AND_READ)
TARGET static void direct_14(int64_t depth, const void *pa, int64_t a_bytes, const void *pb, float *c, int64_t c_stride,
                             bool accumulate) {
  ROWS;
  ROWS_BELOW;
  TILE_BODY(14, ROW, NEXT_AND_BELOW, FROM_C, TO_C);
}
TARGET static void direct_rounded_14(int64_t depth, const void *pa, int64_t a_bytes, const void *pb, uint16_t *c,
                                     int64_t c_stride) {
  ROWS;
  ROWS_BELOW;
  TILE_BODY(14, ROW, NEXT_AND_BELOW, _mm512_setzero_ps(), ROUNDED_TO_C);
}

static void pack_14(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 1) / 2, count, 14, panel);
}
static void pack_8(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 1) / 2, count, 8, panel);
}
static void pack_32(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 1) / 2, count, 32, panel);
}
static void pack_32_aside(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs_aside(m, depth, (depth + 1) / 2, count, 32, panel);
}
static void pack_14_aside(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs_aside(m, depth, (depth + 1) / 2, count, 14, panel);
}

const apus_gemm_kernel apus_bf16_large_avx512 = {
    .tile_rows = 14, .tile_columns = 32, .depth_unit = 2, .element_bytes = 2, .fetches = true,
    .tile = tile_14, .tile_short = tile_14_short, .short_rows = 8, .tile_rounded = rounded_14,
    .tile_direct = direct_14, .direct_4 = apus_direct_4_avx512, .direct_1 = apus_direct_1_avx512,
    .direct_rounded = direct_rounded_14,
    .pack_a = pack_14, .pack_b = pack_32, .pack_a_aside = pack_14_aside, .pack_b_aside = pack_32_aside};
const apus_gemm_kernel apus_bf16_small_avx512 = {
    .tile_rows = 8, .tile_columns = 32, .depth_unit = 2, .element_bytes = 2,
    .tile = tile_8, .tile_direct = direct_8, .direct_4 = apus_direct_4_avx512, .direct_1 = apus_direct_1_avx512,
    .pack_a = pack_8, .pack_b = pack_32};
#endif
