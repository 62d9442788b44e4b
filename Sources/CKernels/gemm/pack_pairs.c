// The interleaved layout of bf16 dot products, made from either orientation of a source matrix.
#include "pack_pairs.h"
#if defined(__x86_64__)
#include "pair_lanes.h"
// Stores the first `wide` lanes. Masked stores are slow on some processors: where later rows follow, which are
// written after this one, the surplus lanes may go there first.
TARGET_INLINE void store_lanes(uint32_t *out, __m512i lanes, int wide, bool rows_follow) {
  if (wide == 16 || (rows_follow && wide >= 8)) _mm512_storeu_si512(out, lanes);
  else _mm512_mask_storeu_epi32(out, (__mmask16)((1u << wide) - 1), lanes);
}

enum { rows_ahead = 32 };

// Vectors lie side by side (row stride 1): two depth rows are interleaved lane by lane.
TARGET_INLINE void pack_across(apus_matrix m, apus_dtype type, int64_t depth, int64_t pairs, int64_t count, int width,
                               uint32_t *out) {
  int64_t p = 0;
  if (count >= width) {
    // Whole panels of two rows: one shuffle puts the lanes of both side by side.
    const __m512i both = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                          5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    for (; 2 * p + 1 < depth; p++) {
      for (int v = 0; v < width; v += 16) {
        int wide = width - v > 16 ? 16 : width - v;
        int64_t even = 2 * p * m.column_stride + v, odd = even + m.column_stride;
        // Lanes past the panel's width are of no use, and past the matrix's end they must not be read.
        __mmask16 there = (__mmask16)((1u << wide) - 1);
        __m512i lanes;
        // Rows lie too far apart for the processor to guess the next ones.
        int64_t ahead = rows_ahead * m.column_stride * (type == APUS_F32 ? 4 : 2);
        __builtin_prefetch((const char *)m.data + even * (type == APUS_F32 ? 4 : 2) + ahead);
        __builtin_prefetch((const char *)m.data + odd * (type == APUS_F32 ? 4 : 2) + ahead);
        if (type == APUS_F32) {
          const float *f = m.data;
          __m512 low = wide == 16 ? _mm512_loadu_ps(f + even) : _mm512_maskz_loadu_ps(there, f + even);
          __m512 high = wide == 16 ? _mm512_loadu_ps(f + odd) : _mm512_maskz_loadu_ps(there, f + odd);
          lanes = (__m512i)_mm512_cvtne2ps_pbh(high, low);
        } else {
          const uint16_t *h = m.data;
          __m256i low = wide == 16 ? _mm256_loadu_si256((const void *)(h + even)) : _mm256_maskz_loadu_epi16(there, h + even);
          __m256i high = wide == 16 ? _mm256_loadu_si256((const void *)(h + odd)) : _mm256_maskz_loadu_epi16(there, h + odd);
          lanes = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
        }
        store_lanes(out + p * width + v, _mm512_permutexvar_epi16(both, lanes), wide, p + 2 < pairs);
      }
    }
  }
  for (; p < pairs; p++) {
    for (int v = 0; v < width; v += 16) {
      int there = (int)(count - v < 0 ? 0 : count - v > 16 ? 16 : count - v);
      int wide = width - v > 16 ? 16 : width - v;
      __m512i even = 2 * p < depth ? row_of_16(m.data, type, 2 * p * m.column_stride + v, there) : _mm512_setzero_si512();
      __m512i odd =
          2 * p + 1 < depth ? row_of_16(m.data, type, (2 * p + 1) * m.column_stride + v, there) : _mm512_setzero_si512();
      __m512i both = _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
      store_lanes(out + p * width + v, both, wide, p + 2 < pairs);
    }
  }
}

// Depth is contiguous (column stride 1): blocks of 16 vectors by 16 pairs are transposed in registers.
TARGET_INLINE void pack_along(apus_matrix m, apus_dtype type, int64_t depth, int64_t pairs, int64_t count, int width,
                              uint32_t *out) {
  for (int v = 0; v < width; v += 16) {
    int there = (int)(count - v < 0 ? 0 : count - v > 16 ? 16 : count - v);
    int wide = width - v > 16 ? 16 : width - v;
    for (int64_t p = 0; p < pairs; p += 16) {
      int left = (int)(depth - 2 * p < 32 ? depth - 2 * p : 32);
      __m512i r[16];
      if (type == APUS_BF16 && left == 32 && there >= wide) {
        const uint16_t *from = (const uint16_t *)m.data + v * m.row_stride + 2 * p;
        for (int i = 0; i < 16; i++)
          r[i] = i < wide ? _mm512_loadu_si512(from + i * m.row_stride) : _mm512_setzero_si512();
      } else for (int i = 0; i < 16; i++) {
        if (i >= there || left <= 0) {
          r[i] = _mm512_setzero_si512();
          continue;
        }
        r[i] = row_of_32(m.data, type, (v + i) * m.row_stride + 2 * p, left);
      }
      transpose(r);
      int64_t rows = pairs - p < 16 ? pairs - p : 16;
      if (rows == 16)
        for (int i = 0; i < 16; i++) store_lanes(out + (p + i) * width + v, r[i], wide, p + i + 2 < pairs);
      else
        for (int i = 0; i < rows; i++) store_lanes(out + (p + i) * width + v, r[i], wide, p + i + 2 < pairs);
    }
  }
}

TARGET static void pack_any(apus_matrix m, int64_t depth, int64_t pairs, int64_t count, int width, uint32_t *out) {
  for (int64_t p = 0; p < pairs; p++)
    for (int v = 0; v < width; v++) {
      uint32_t half[2] = {0, 0};
      for (int h = 0; h < 2; h++) {
        int64_t k = 2 * p + h;
        if (v >= count || k >= depth) continue;
        int64_t at = v * m.row_stride + k * m.column_stride;
        half[h] = m.dtype == APUS_BF16 ? ((const uint16_t *)m.data)[at] : float_to_bf16(((const float *)m.data)[at]);
      }
      out[p * width + v] = half[0] | half[1] << 16;
    }
}

TARGET void apus_pack_pairs(apus_matrix m, int64_t depth, int64_t pairs, int64_t count, int width, void *out) {
  if (m.row_stride == 1) {
    if (m.dtype == APUS_BF16) pack_across(m, APUS_BF16, depth, pairs, count, width, out);
    else pack_across(m, APUS_F32, depth, pairs, count, width, out);
  } else if (m.column_stride == 1) {
    if (m.dtype == APUS_BF16) pack_along(m, APUS_BF16, depth, pairs, count, width, out);
    else pack_along(m, APUS_F32, depth, pairs, count, width, out);
  } else {
    pack_any(m, depth, pairs, count, width, out);
  }
}

TARGET void apus_round_to_bf16(int64_t count, const float *in, void *out) {
  for (int64_t i = 0; i < count; i += 32)
    _mm512_storeu_si512((uint16_t *)out + i,
                        (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(in + i + 16), _mm512_loadu_ps(in + i)));
}
#endif
