// The left operand of the tile unit: row-major blocks of 16 vectors by 32 of depth, from either orientation of a matrix.
#include "pack_tiles.h"
#if defined(__x86_64__)
#include "gemm_blocks.h"
#include "pair_lanes.h"

// Vectors lie side by side (row stride 1): rows of depth are paired, which leaves four vectors of each eight in one
// half and four in the other, and 16 x 16 pairs transposed in registers.
TARGET_INLINE void blocks_across(apus_matrix m, apus_dtype type, int there, int64_t k, int left, uint16_t *out) {
  for (int half = 0; half < 2; half++) {
    __m512i r[16];
    UNROLL for (int p = 0; p < 16; p++) {
      const int64_t at = (k + 2 * p) * m.column_stride;
      __m512i even = 2 * p < left ? row_of_32(m.data, type, at, there) : _mm512_setzero_si512();
      __m512i odd = 2 * p + 1 < left ? row_of_32(m.data, type, at + m.column_stride, there) : _mm512_setzero_si512();
      r[p] = half == 0 ? _mm512_unpacklo_epi16(even, odd) : _mm512_unpackhi_epi16(even, odd);
    }
    transpose(r);
    UNROLL for (int i = 0; i < 16; i++) _mm512_storeu_si512(out + (i / 4 * 8 + half * 4 + i % 4) * 32, r[i]);
  }
}

// Depth is contiguous (column stride 1).
TARGET_INLINE void block_along(apus_matrix m, apus_dtype type, int64_t v, int there, int64_t k, int left,
                               uint16_t *out) {
  for (int i = 0; i < 16; i++)
    _mm512_storeu_si512(out + i * 32, i < there ? row_of_32(m.data, type, (v + i) * m.row_stride + k, left)
                                                : _mm512_setzero_si512());
}

static void block_any(apus_matrix m, int64_t v, int there, int64_t k, int left, uint16_t *out) {
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 32; j++) {
      int64_t at = (v + i) * m.row_stride + (k + j) * m.column_stride;
      out[i * 32 + j] = i >= there || j >= left         ? 0
                        : m.dtype == APUS_BF16 ? ((const uint16_t *)m.data)[at]
                                               : float_to_bf16(((const float *)m.data)[at]);
    }
}

TARGET void apus_pack_tiles(const apus_matrix *source, int64_t depth, int64_t count, void *panel) {
  const apus_matrix m = *source;
  uint16_t *out = panel;
  for (int64_t k = 0; k < depth; k += 32, out += 1024) {
    const int there = (int)least(count, 32), left = (int)least(depth - k, 32);
    if (m.row_stride == 1) {
      if (m.dtype == APUS_BF16 && there == 32 && left == 32) blocks_across(m, APUS_BF16, 32, k, 32, out);
      else if (m.dtype == APUS_BF16) blocks_across(m, APUS_BF16, there, k, left, out);
      else blocks_across(m, APUS_F32, there, k, left, out);
      continue;
    }
    for (int v = 0; v < 32; v += 16) {
      const int of_these = (int)least(there - v < 0 ? 0 : there - v, 16);
      if (m.column_stride != 1) block_any(m, v, of_these, k, left, out + v * 32);
      else if (m.dtype == APUS_BF16) block_along(m, APUS_BF16, v, of_these, k, left, out + v * 32);
      else block_along(m, APUS_F32, v, of_these, k, left, out + v * 32);
    }
  }
}
#endif
