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

// Two rows of depth of 8, 14 or 32 vectors that all exist (of 14, two more): one shuffle puts the lanes of both side by side.
TARGET_INLINE void interleave(const char *even, const char *odd, apus_dtype type, int width, bool aside, bool rows_follow,
                              uint32_t *to) {
  if (width == 32) {
    // Of each eight vectors the first four and the last four, which then come in order.
    const __m512i begin = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i end = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    __m512i e = row_of_32(even, type, 0, 32), o = row_of_32(odd, type, 0, 32);
    __m512i fours = _mm512_unpacklo_epi16(e, o), others = _mm512_unpackhi_epi16(e, o);
    __m512i first = _mm512_permutex2var_epi64(fours, begin, others);
    __m512i second = _mm512_permutex2var_epi64(fours, end, others);
    if (aside) {
      _mm512_stream_si512((void *)to, first);
      _mm512_stream_si512((void *)(to + 16), second);
    } else {
      _mm512_storeu_si512(to, first);
      _mm512_storeu_si512(to + 16, second);
    }
  } else if (width == 8) {
    __m128i e = low_8(even, type), o = low_8(odd, type);
    _mm_storeu_si128((__m128i *)to, _mm_unpacklo_epi16(e, o));
    _mm_storeu_si128((__m128i *)to + 1, _mm_unpackhi_epi16(e, o));
  } else {
    const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37,
                                         5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    store_lanes(to, _mm512_permutex2var_epi16(low_16(even, type), low, low_16(odd, type)), width, rows_follow);
  }
}

// Vectors lie side by side (row stride 1). `aside`: past the caches, where `out` begins a line.
TARGET_INLINE void pack_across(apus_matrix m, apus_dtype type, int64_t depth, int64_t pairs, int64_t count, int width,
                               bool aside, uint32_t *out) {
  int64_t p = 0;
  if (count >= (width == 14 ? 16 : width))
    for (int64_t row = m.column_stride * (type == APUS_F32 ? 4 : 2); 2 * p + 1 < depth; p++) {
      const char *even = (const char *)m.data + 2 * p * row;
      interleave(even, even + row, type, width, aside, p + 2 < pairs, out + p * width);
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

// Sixteen pairs of `wide` vectors (14 or 16) in bf16, whose depth is contiguous, turned in registers.
TARGET_INLINE void turn(const uint16_t *from, int64_t stride, int wide, int width, bool rows_follow, uint32_t *out) {
  __m512i r[16];
  UNROLL for (int i = 0; i < 16; i++) r[i] = i < wide ? _mm512_loadu_si512(from + i * stride) : _mm512_setzero_si512();
  transpose(r);
  UNROLL for (int i = 0; i < 16; i++) store_lanes(out + i * width, r[i], wide, rows_follow || i < 15);
}
// The same of eight vectors: two rounds of exchange within lanes of 128 bits, and one that joins the lanes of both halves.
TARGET_INLINE void turn_8(const uint16_t *from, int64_t stride, uint32_t *out) {
  const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  __m512i r[8], t[8];
  UNROLL for (int i = 0; i < 8; i++) r[i] = _mm512_loadu_si512(from + i * stride);
  UNROLL for (int i = 0; i < 8; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  UNROLL for (int i = 0; i < 8; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    __m512i a = _mm512_permutex2var_epi64(r[i], first, r[i + 4]), b = _mm512_permutex2var_epi64(r[i], second, r[i + 4]);
    _mm256_storeu_si256((__m256i *)(out + i * 8), _mm512_castsi512_si256(a));
    _mm256_storeu_si256((__m256i *)(out + (i + 4) * 8), _mm512_extracti64x4_epi64(a, 1));
    _mm256_storeu_si256((__m256i *)(out + (i + 8) * 8), _mm512_castsi512_si256(b));
    _mm256_storeu_si256((__m256i *)(out + (i + 12) * 8), _mm512_extracti64x4_epi64(b, 1));
  }
}

// Depth is contiguous (column stride 1): blocks of 16 vectors by 16 pairs are turned in registers.
TARGET_INLINE void pack_along(apus_matrix m, apus_dtype type, int64_t depth, int64_t pairs, int64_t count, int width,
                              uint32_t *out) {
  for (int v = 0; v < width; v += 16) {
    int there = (int)(count - v < 0 ? 0 : count - v > 16 ? 16 : count - v);
    int wide = width - v > 16 ? 16 : width - v;
    for (int64_t p = 0; p < pairs; p += 16) {
      int left = (int)(depth - 2 * p < 32 ? depth - 2 * p : 32);
      uint32_t *to = out + p * width + v;
      if (type == APUS_BF16 && left == 32 && there >= wide) {
        const uint16_t *from = (const uint16_t *)m.data + v * m.row_stride + 2 * p;
        if (wide == 8) turn_8(from, m.row_stride, to);
        else if (wide == 14) turn(from, m.row_stride, 14, width, pairs - p > 16, to);
        else turn(from, m.row_stride, 16, width, true, to);
        continue;
      }
      __m512i r[16];
      for (int i = 0; i < 16; i++)
        r[i] = i >= there || left <= 0 ? _mm512_setzero_si512()
                                       : row_of_32(m.data, type, (v + i) * m.row_stride + 2 * p, left);
      transpose(r);
      int64_t rows = pairs - p < 16 ? pairs - p : 16;
      for (int i = 0; i < rows; i++) store_lanes(to + i * width, r[i], wide, p + i + 2 < pairs);
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

TARGET void apus_pack_pairs(const apus_matrix *source, int64_t depth, int64_t pairs, int64_t count, int width,
                            void *out) {
  const apus_matrix m = *source;
  if (m.row_stride == 1) {
    if (m.dtype == APUS_BF16 && width == 32) pack_across(m, APUS_BF16, depth, pairs, count, 32, false, out);
    else if (m.dtype == APUS_BF16 && width == 14) pack_across(m, APUS_BF16, depth, pairs, count, 14, false, out);
    else if (m.dtype == APUS_BF16) pack_across(m, APUS_BF16, depth, pairs, count, width, false, out);
    else pack_across(m, APUS_F32, depth, pairs, count, width, false, out);
  } else if (m.column_stride == 1) {
    if (m.dtype == APUS_BF16) pack_along(m, APUS_BF16, depth, pairs, count, width, out);
    else pack_along(m, APUS_F32, depth, pairs, count, width, out);
  } else {
    pack_any(m, depth, pairs, count, width, out);
  }
}

// Eight pairs of 14 vectors fill 7 lines, though no pair fills one; `pairs` are 8 or 16.
TARGET static void stream_14(apus_matrix m, int64_t depth, int64_t pairs, int64_t count, char *out) {
  _Alignas(64) uint32_t lines[16 * 14];
  pack_across(m, APUS_BF16, depth, pairs, count, 14, false, lines);
  for (int i = 0; i < pairs * 14 / 16; i++)
    _mm512_stream_si512((void *)(out + i * 64), _mm512_load_si512(lines + i * 16));
}

TARGET void apus_pack_pairs_aside(const apus_matrix *source, int64_t depth, int64_t pairs, int64_t count, int width,
                                  void *out) {
  const apus_matrix m = *source;
  bool across = m.row_stride == 1 && m.dtype == APUS_BF16, whole_lines = pairs == 8 || pairs == 16;
  if (across && width == 32) pack_across(m, APUS_BF16, depth, pairs, count, 32, true, out);
  else if (across && width == 14 && whole_lines && (uintptr_t)out % 64 == 0) stream_14(m, depth, pairs, count, out);
  else apus_pack_pairs(source, depth, pairs, count, width, out);
}
#endif
