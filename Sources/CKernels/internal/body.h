// Helpers of an operation's body that are compiled anew for every variant, so that each gets its own instructions.
// `V(name)` is `name_<variant>`.
#undef V
#define V_PASTE2(a, b) a##_##b
#define V_PASTE(a, b) V_PASTE2(a, b)
#define V(name) V_PASTE(name, VARIANT)

// The second where either is no number.
INLINE vf V(max)(vf a, vf b) {
#ifdef REGISTERS_OF_SIXTEEN
  return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#else
  return vselect(a > b, a, b);
#endif
}
INLINE bool V(any)(vi mask) {
#ifdef REGISTERS_OF_SIXTEEN
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#else
  int32_t all = 0;
  for (int i = 0; i < 16; i++) all |= mask[i];
  return all != 0;
#endif
}
// Rounds to nearest even; a NaN stays a NaN. The instruction takes numbers below 1.2e-38 for zero: a file that must not
// defines NARROW_EXACTLY.
INLINE vh V(narrow)(vf v) {
#if defined(NARROW_IN_HARDWARE) && !defined(NARROW_EXACTLY)
  return (vh)_mm512_cvtneps_pbh((__m512)v);
#else
  vu u = (vu)v;
  vi nan = (vi)((u & 0x7fffffffu) > 0x7f800000u);
  vu rounded = (u + 0x7fffu + ((u >> 16) & 1)) >> 16, quiet = (u >> 16) | 0x40u;
  return __builtin_convertvector((rounded & ~(vu)nan) | (quiet & (vu)nan), vh);
#endif
}
INLINE vf V(load)(const void *p, int64_t i, apus_dtype type) {
  if (type == APUS_F32) {
    vf v;
    memcpy(&v, (const float *)p + i, 64);
    return v;
  }
  vh h;
  memcpy(&h, (const uint16_t *)p + i, 32);
  return BF16_WIDEN(h);
}
INLINE void V(store)(void *p, int64_t i, vf v, apus_dtype type) {
  if (type == APUS_F32) {
    memcpy((float *)p + i, &v, 64);
    return;
  }
  vh h = V(narrow)(v);
  memcpy((uint16_t *)p + i, &h, 32);
}
// Sixteen pairs of bf16, from two vectors of floats.
INLINE void V(store_pairs)(void *to, vf even, vf odd) {
#ifdef NARROW_IN_HARDWARE
  const __m512i turns = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
  _mm512_storeu_si512(to, _mm512_permutexvar_epi16(turns, both));
#else
  vu both = __builtin_convertvector(V(narrow)(even), vu) | __builtin_convertvector(V(narrow)(odd), vu) << 16;
  memcpy(to, &both, 64);
#endif
}
// The first n (1 to 15) lanes; the others are zero.
INLINE vf V(load_some)(const void *p, int64_t i, int n, apus_dtype type) {
  if (type == APUS_F32) {
    vf v = {0};
    memcpy(&v, (const float *)p + i, (size_t)n * 4);
    return v;
  }
  vh h = {0};
  memcpy(&h, (const uint16_t *)p + i, (size_t)n * 2);
  return BF16_WIDEN(h);
}
INLINE void V(store_some)(void *p, int64_t i, int n, vf v, apus_dtype type) {
  if (type == APUS_F32) {
    memcpy((float *)p + i, &v, (size_t)n * 4);
    return;
  }
  vh h = V(narrow)(v);
  memcpy((uint16_t *)p + i, &h, (size_t)n * 2);
}
// Sixteen lanes, or the `left` that are left of a row if those are fewer.
INLINE vf V(load_up_to)(const void *p, int64_t i, int64_t left, apus_dtype type) {
  return left >= 16 ? V(load)(p, i, type) : V(load_some)(p, i, (int)left, type);
}
// The same of an array that is gone through once, in order: what lies 4 KiB further on is fetched meanwhile. Where a loop
// computes much, the processor does not look that far ahead by itself.
INLINE vf V(stream_up_to)(const void *p, int64_t i, int64_t left, apus_dtype type) {
  __builtin_prefetch((const char *)p + i * (type == APUS_F32 ? 4 : 2) + 4096);
  return V(load_up_to)(p, i, left, type);
}
INLINE void V(store_up_to)(void *p, int64_t i, int64_t left, vf v, apus_dtype type) {
  if (left >= 16) V(store)(p, i, v, type);
  else V(store_some)(p, i, (int)left, v, type);
}
// A norm's weights, or one more than they are.
INLINE vf V(weight)(const float *p, int64_t i, int64_t left, const bool one_plus) {
  vf v = V(load_up_to)(p, i, left, APUS_F32);
  return one_plus ? v + 1.0f : v;
}
INLINE float V(sum)(vf v) {
  float s[16];
  memcpy(s, &v, 64);
  for (int w = 8; w > 0; w /= 2)
    for (int i = 0; i < w; i++) s[i] += s[i + w];
  return s[0];
}
INLINE float V(largest)(vf v) {
  float s[16];
  memcpy(s, &v, 64);
  for (int w = 8; w > 0; w /= 2)
    for (int i = 0; i < w; i++) s[i] = s[i] > s[i + w] ? s[i] : s[i + w];
  return s[0];
}
// e^x, within 2 units in the last place for |x| < 87; 0 below -87.3, largest finite power above 88.3; NaN stays.
// Cody-Waite reduction by ln 2 in two parts, then a polynomial of degree 6 on [-ln2/2, ln2/2].
INLINE vf V(exp)(vf x) {
  vf low = vsplat(-87.33654f), high = vsplat(88.37626f);
  vi under = (vi)(x < low);
  vf y = vselect(x > high, high, vselect(x < low, low, x));
  vf scaled = y * LOG2_E;
  vf magic = vsplat(12582912.0f);
  vf rounded = (scaled + magic);
  vi n = (vi)rounded - (vi)magic;
  vf whole = rounded - magic;
  vf r = y - whole * 0.693359375f;
  r = r + whole * 2.12194440e-4f;
  vf p = vsplat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // A product, not a sum of exponents, which would turn some NaNs into numbers.
  vf result = p * (vf)((n + 127) << 23);
  return vselect(under, vsplat(0), result);
}
// 2^f for f in [-0.5, 0.5], within 3 millionths of itself (degree 4, least relative error, fitted).
INLINE vf V(exp2_fraction)(vf f) {
  vf p = vsplat(9.5700901e-3f);
  p = p * f + 5.5917859e-2f;
  p = p * f + 2.4024746e-1f;
  p = p * f + 6.9312179e-1f;
  return p * f + 9.9999928e-1f;
}
// 2^x for x <= 0 as exactly: enough for what is rounded to bf16, at half the cost of `exp`. 0 below -127; NaN stays.
INLINE vf V(exp2_coarse)(vf x) {
  vf low = vsplat(-127), t = V(max)(low, x);
  // The magic number's last bits are the exponent's offset: shifted up, n stands where a float keeps its exponent.
  vf magic = vsplat(12582912.0f + 127.0f), n = t + magic;
  return V(exp2_fraction)(t - (n - magic)) * (vf)((vi)n << 23);
}
// The same where 0 need not come out, 2^-125 does below that: 2^n is added to the exponent. Of NaNs those stay that
// carry no more than a bf16 has bits for.
INLINE vf V(exp2_positive)(vf x) {
  vf low = vsplat(-125), t = V(max)(low, x), magic = vsplat(12582912.0f), n = t + magic;
  return (vf)((vi)V(exp2_fraction)(t - (n - magic)) + ((vi)n << 23));
}
// e^x for x <= 0 as exactly, but for what the rounding of x * log2(e) adds.
INLINE vf V(exp_coarse)(vf x) { return V(exp2_coarse)(x * LOG2_E); }
// Correctly rounded either way. A loop over lanes with sqrtf is not turned into one instruction, as sqrtf may set errno.
INLINE vf V(square_root)(vf x) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define WHOLE_SQUARE_ROOT
#endif
#endif
#ifdef WHOLE_SQUARE_ROOT
  return __builtin_elementwise_sqrt(x);
#else
  for (int i = 0; i < 16; i++) x[i] = sqrtf(x[i]);
  return x;
#endif
}
#undef WHOLE_SQUARE_ROOT
// The logarithm of a number above 1e-30: exponent and, of a number m from sqrt(1/2) to sqrt(2), 2 artanh((m - 1) /
// (m + 1)).
INLINE vf V(log)(vf x) {
  x = V(max)(x, vsplat(1e-30f));
  vi bits = (vi)x - 0x3f3504f3, exponent = bits >> 23;
  vf m = (vf)((bits & 0x007fffff) + 0x3f3504f3), z = (m - 1.0f) / (m + 1.0f), s = z * z, p = vsplat(1.0f / 9);
  p = p * s + 1.0f / 7;
  p = p * s + 1.0f / 5;
  p = p * s + 1.0f / 3;
  p = p * s + 1.0f;
  return __builtin_convertvector(exponent, vf) * LN_2 + 2.0f * z * p;
}
// Within 2 units in the last place of 1; near 0, where the exponentials would cancel, of itself.
INLINE vf V(tanh)(vf x) {
  vf size = V(max)(-x, x), e = V(exp)(-2.0f * size), far = (1.0f - e) / (1.0f + e), s = x * x;
  vf near = x * (1.0f + s * (-1 / 3.0f + s * (2 / 15.0f + s * (-17 / 315.0f + s * (62 / 2835.0f)))));
  return vselect(size < vsplat(0.3f), near, vselect(x < vsplat(0), -far, far));
}
// A 16 x 16 transposition in four rounds of pairwise exchange at distances 8, 4, 2, 1.
INLINE void V(transpose)(vf r[16]) {
  vf t[16];
  for (int i = 0; i < 8; i++) {
    t[i] = __builtin_shufflevector(r[i], r[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    t[i + 8] = __builtin_shufflevector(r[i], r[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  }
  for (int b = 0; b < 16; b += 8)
    for (int i = b; i < b + 4; i++) {
      r[i] = __builtin_shufflevector(t[i], t[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
      r[i + 4] = __builtin_shufflevector(t[i], t[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
    }
  for (int b = 0; b < 16; b += 4)
    for (int i = b; i < b + 2; i++) {
      t[i] = __builtin_shufflevector(r[i], r[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
      t[i + 2] = __builtin_shufflevector(r[i], r[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
  for (int b = 0; b < 16; b += 2) {
    r[b] = __builtin_shufflevector(t[b], t[b + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    r[b + 1] = __builtin_shufflevector(t[b], t[b + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  }
}
// Sixteen vectors to one of their sums, each added up as `sum` does.
INLINE vf V(sums_of)(vf v[16]) {
  for (int i = 0; i < 8; i++)
    v[i] = __builtin_shufflevector(v[i], v[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           __builtin_shufflevector(v[i], v[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  for (int i = 0; i < 4; i++)
    v[i] = __builtin_shufflevector(v[i], v[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
           __builtin_shufflevector(v[i], v[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  for (int i = 0; i < 2; i++)
    v[i] = __builtin_shufflevector(v[i], v[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(v[i], v[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  return __builtin_shufflevector(v[0], v[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
         __builtin_shufflevector(v[0], v[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}
