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

// Vectors lie side by side (row stride 1): two depth rows are interleaved lane by lane.
TARGET_INLINE void pack_across(apus_matrix m, apus_dtype type, int64_t depth, int64_t pairs, int64_t count, int width,
                               uint32_t *out) {
  int64_t p = 0;
  if (count >= width && (width == 32 || count >= 16)) {
    // Whole registers of two rows: one shuffle puts the lanes of both side by side. Lanes past the panel's width are the
    // next panel's and are written over.
    const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37,
                                         5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
    for (; 2 * p + 1 < depth; p++) {
      const char *even = (const char *)m.data + 2 * p * m.column_stride * (type == APUS_F32 ? 4 : 2);
      const char *odd = even + m.column_stride * (type == APUS_F32 ? 4 : 2);
      uint32_t *to = out + p * width;
      if (width == 32) {
        __m512i e = row_of_32(even, type, 0, 32), o = row_of_32(odd, type, 0, 32);
        _mm512_storeu_si512(to, _mm512_permutex2var_epi16(e, low, o));
        _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi16(e, high, o));
      } else {
        __m512i e = low_16(even, type), o = low_16(odd, type);
        store_lanes(to, _mm512_permutex2var_epi16(e, low, o), width, p + 2 < pairs);
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
#endif
