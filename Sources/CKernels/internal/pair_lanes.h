// Rows of bf16 in AVX-512 lanes: what the packed layouts of pairs are made with.
#ifndef APUS_PAIR_LANES_H
#define APUS_PAIR_LANES_H
#include "vector.h"
#include <immintrin.h>
#define UNROLL _Pragma("GCC unroll 16")
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define TARGET_INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))

// Sixteen elements from `at`, of which `count` exist, as bf16 in the low halves of 32-bit lanes.
TARGET_INLINE __m512i row_of_16(const void *data, apus_dtype type, int64_t at, int count) {
  __mmask16 exist = count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
  if (type == APUS_BF16)
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(exist, (const uint16_t *)data + at));
  __m512 floats = _mm512_maskz_loadu_ps(exist, (const float *)data + at);
  return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(floats));
}

// Sixteen elements as bf16 in the lower half of a register.
TARGET_INLINE __m512i low_16(const void *data, apus_dtype type) {
  if (type == APUS_BF16) return _mm512_castsi256_si512(_mm256_loadu_si256(data));
  return _mm512_castsi256_si512((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(data)));
}

// Eight.
TARGET_INLINE __m128i low_8(const void *data, apus_dtype type) {
  if (type == APUS_BF16) return _mm_loadu_si128(data);
  return (__m128i)_mm256_cvtneps_pbh(_mm256_loadu_ps(data));
}

// Thirty-two elements from `at`, of which `count` exist, as bf16.
TARGET_INLINE __m512i row_of_32(const void *data, apus_dtype type, int64_t at, int count) {
  if (type == APUS_BF16) {
    __mmask32 exist = count >= 32 ? 0xffffffffu : ((1u << count) - 1);
    return _mm512_maskz_loadu_epi16(exist, (const uint16_t *)data + at);
  }
  __mmask16 low = count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
  __mmask16 high = count >= 32 ? 0xffff : count <= 16 ? 0 : (__mmask16)((1u << (count - 16)) - 1);
  const float *from = (const float *)data + at;
  return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, from + 16), _mm512_maskz_loadu_ps(low, from));
}

// A 16 x 16 transposition of 32-bit lanes: four rounds of pairwise exchange.
TARGET_INLINE void transpose(__m512i r[16]) {
  __m512i t[16];
  UNROLL for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
    r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
  }
}
#endif
