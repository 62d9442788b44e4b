// The interleaved layout of bf16 dot products, made from either orientation of a source matrix.
#include "pack_pairs.h"
#if defined(__x86_64__)
#include "vector.h"
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define TARGET_INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,fma")))

// Sixteen elements from `at`, of which `count` exist, as bf16 in the low halves of 32-bit lanes.
TARGET_INLINE __m512i row_of_16(const void *data, apus_dtype type, int64_t at, int count) {
  __mmask16 exist = count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
  if (type == APUS_BF16)
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(exist, (const uint16_t *)data + at));
  __m512i u = _mm512_castps_si512(_mm512_maskz_loadu_ps(exist, (const float *)data + at));
  __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
  __mmask16 nan = _mm512_cmp_ps_mask(_mm512_castsi512_ps(u), _mm512_castsi512_ps(u), _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(rounded, nan, _mm512_srli_epi32(u, 16), _mm512_set1_epi32(0x40));
}

// Stores the first `wide` lanes. Masked stores are slow on some processors: where later rows follow, which are
// written after this one, the surplus lanes may go there first.
TARGET_INLINE void store_lanes(uint32_t *out, __m512i lanes, int wide, bool rows_follow) {
  if (wide == 16 || (rows_follow && wide >= 8)) _mm512_storeu_si512(out, lanes);
  else _mm512_mask_storeu_epi32(out, (__mmask16)((1u << wide) - 1), lanes);
}

// Vectors lie side by side (row stride 1): two depth rows are interleaved lane by lane.
TARGET_INLINE void pack_across(apus_matrix m, apus_dtype type, int64_t depth, int64_t pairs, int64_t count, int width,
                               uint32_t *out) {
  for (int64_t p = 0; p < pairs; p++) {
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

// A 16 x 16 transposition of 32-bit lanes: four rounds of pairwise exchange.
TARGET_INLINE void transpose(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; i++) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
    r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
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
        int64_t at = (v + i) * m.row_stride + 2 * p;
        if (type == APUS_BF16) {
          __mmask32 exist = left >= 32 ? 0xffffffffu : ((1u << left) - 1);
          r[i] = _mm512_maskz_loadu_epi16(exist, (const uint16_t *)m.data + at);
        } else {
          __m512i low = row_of_16(m.data, type, at, left < 16 ? left : 16);
          __m512i high = row_of_16(m.data, type, at + 16, left < 16 ? 0 : left - 16);
          r[i] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(low)), _mm512_cvtepi32_epi16(high), 1);
        }
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
#endif
