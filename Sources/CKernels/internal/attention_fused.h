// Scores that go through memory once or not at all: where the kernel multiplies pairs of bf16 in tiles of eight keys and
// 32 queries, what follows the products (the softmax, or its gradient) is done in the registers that they were summed in;
// where a tile unit computes them, all of it is done when they are loaded. Every sum has the order of the general path.
// Included by a body.

// Whether the kernel is laid out so, and rounding is an instruction.
INLINE bool V(fuses)(const apus_gemm_kernel *kn, const bool half, const bool plain) {
  return V(takes_pairs)(half) && plain && kn->tile_columns == 32 && (kn->tile_rows == 8 || kn->strips > 1);
}
INLINE bool V(in_registers)(const apus_gemm_kernel *kn, const bool half, const bool plain) {
  return V(fuses)(kn, half, plain) && kn->tile_rows == 8;
}

// The operands of a block's products.
typedef struct {
  const char *keys;  // panels of eight rows, `panel_bytes` apart
  size_t panel_bytes;
  const char *queries;  // the packed strip
  int64_t depth;
  float *products;      // [keys, 32] where they are computed before
} V(operands);

// Computes the products of `seen` keys and a strip of queries by tiles.
INLINE void V(multiply_keys)(const apus_gemm_kernel *kn, const V(operands) * o, int64_t seen) {
  const char *keys = o->keys;
  for (int64_t r = 0; r < seen; r += kn->tile_rows, keys += o->panel_bytes)
    kn->tile(o->depth, keys, o->queries, o->products + r * kn->tile_columns, kn->tile_columns, false);
}

#ifdef NARROW_IN_HARDWARE
#define UNROLL _Pragma("GCC unroll 8")
// sum[i][j] = the products of key `row + i`, up to `count`, and sixteen queries of the strip from 16 * j on; zero for those
// before `half`, unless they are computed before.
#define PRODUCTS(sum, count, row, o, half, before)                                                                     \
  do {                                                                                                                 \
    if (before) {                                                                                                      \
      UNROLL for (int i = 0; i < count; i++) UNROLL for (int j = 0; j < 2; j++)                                        \
          sum[i][j] = _mm512_loadu_ps((o)->products + ((row) + i) * 32 + j * 16);                                      \
      break;                                                                                                           \
    }                                                                                                                  \
    const int32_t *left = (const int32_t *)((o)->keys + (size_t)((row) / 8) * (o)->panel_bytes) + (row) % 8;           \
    const char *right = (o)->queries;                                                                                  \
    UNROLL for (int i = 0; i < count; i++) sum[i][0] = sum[i][1] = _mm512_setzero_ps();                                \
    for (int64_t k = 0; k < (o)->depth / 2; k++, left += 8, right += 128) {                                            \
      __m512bh right0, right1 = (__m512bh)_mm512_loadu_si512(right + 64);                                              \
      if (half == 0) right0 = (__m512bh)_mm512_loadu_si512(right);                                                     \
      UNROLL for (int i = 0; i < count; i++) {                                                                         \
        __m512bh both = (__m512bh)_mm512_set1_epi32(left[i]);                                                          \
        if (half == 0) sum[i][0] = _mm512_dpbf16_ps(sum[i][0], both, right0);                                          \
        sum[i][1] = _mm512_dpbf16_ps(sum[i][1], both, right1);                                                         \
      }                                                                                                                \
    }                                                                                                                  \
  } while (0)
#endif

// Whether none of the first sixteen queries of the strip, if one is given, sees a key or one after it.
INLINE bool V(only_second_half)(const V(strip) * strip, int64_t key) { return strip && key > strip->first_half_last; }

#ifdef NARROW_IN_HARDWARE
// How far scores lie above `base`, from products of a key and sixteen queries; -infinity where a query does not see it.
INLINE vf V(above_base)(const V(strip) * strip, __m512 product, float scale, vf base, int lane0, int64_t key) {
  vf x = (vf)_mm512_fmsub_ps(product, _mm512_set1_ps(scale), (__m512)base);
  return strip ? vselect(V(visible)(strip, lane0, key), x, vsplat(-INFINITY)) : x;
}
INLINE vf V(seen_power)(const V(strip) * strip, vf x) { return strip ? V(exp2_coarse)(x) : V(exp2_positive)(x); }
#endif

// The exponentials of the scores of `seen` keys, relative to `base`, as pairs, and their sums. False where that base does
// not do, as there is none yet or a score is too far above it.
INLINE bool V(fused_exponentials)(const V(strip) * strip, const V(operands) * o, const bool before, float scale,
                                  int64_t key0, int64_t seen, const vf base[2], uint32_t *pairs, vf sums[2]) {
#ifdef NARROW_IN_HARDWARE
  if (V(any)(~((vi)(base[0] > vsplat(-INFINITY)) & (vi)(base[1] > vsplat(-INFINITY))))) return false;
  vf top[2] = {{0}, {0}}, total[2] = {{0}, {0}};
  for (int64_t r = 0; r < seen; r += 8) {
    __m512 sum[8][2];
    if (!before && V(only_second_half)(strip, key0 + r)) PRODUCTS(sum, 8, r, o, 1, before);
    else PRODUCTS(sum, 8, r, o, 0, before);
    UNROLL for (int i = 0; i < 8; i += 2) UNROLL for (int j = 0; j < 2; j++) {
      vf p[2];
      UNROLL for (int e = 0; e < 2; e++) {
        vf x = V(above_base)(strip, sum[i + e][j], scale, base[j], j * 16, key0 + r + i + e);
        top[j] = V(max)(x, top[j]);
        p[e] = V(seen_power)(strip, x);
        total[j] += p[e];
      }
      V(store_pairs)(pairs + (r + i) / 2 * 32 + j * 16, p[0], p[1]);
    }
  }
  sums[0] = total[0];
  sums[1] = total[1];
  return !V(any)((vi)(top[0] > vsplat(8)) | (vi)(top[1] > vsplat(8)));
#else
  (void)strip, (void)o, (void)before, (void)scale, (void)key0, (void)seen, (void)base, (void)pairs, (void)sums;
  return false;
#endif
}

// The same of the first keys that a strip looks at, whose largest score is the base: the scores go through memory once, as
// they are all needed before it is known. `tops` takes the largest, -infinity for a lane that sees none of the keys.
INLINE void V(fused_first)(const V(strip) * strip, const V(operands) * o, float scale, int64_t key0, int64_t seen,
                           float *scores, uint32_t *pairs, vf tops[2], vf sums[2]) {
#ifdef NARROW_IN_HARDWARE
  vf top[2] = {vsplat(-INFINITY), vsplat(-INFINITY)}, base[2], total[2] = {{0}, {0}};
  for (int64_t r = 0; r < seen; r += 8) {
    __m512 sum[8][2];
    if (V(only_second_half)(strip, key0 + r)) PRODUCTS(sum, 8, r, o, 1, false);
    else PRODUCTS(sum, 8, r, o, 0, false);
    UNROLL for (int i = 0; i < 8; i++) UNROLL for (int j = 0; j < 2; j++) {
      vf x = V(seen_score)(strip, (vf)sum[i][j], scale, j * 16, key0 + r + i);
      top[j] = V(max)(x, top[j]);
      memcpy(scores + (r + i) * 32 + j * 16, &x, 64);
    }
  }
  for (int j = 0; j < 2; j++) base[j] = vselect(top[j] == vsplat(-INFINITY), vsplat(0), top[j]);
  for (int64_t r = 0; r < seen; r += 2)
    UNROLL for (int j = 0; j < 2; j++) {
      vf p[2];
      UNROLL for (int e = 0; e < 2; e++) {
        p[e] = V(exp2_coarse)(V(load)(scores, (r + e) * 32 + j * 16, APUS_F32) - base[j]);
        total[j] += p[e];
      }
      V(store_pairs)(pairs + r / 2 * 32 + j * 16, p[0], p[1]);
    }
  for (int j = 0; j < 2; j++) {
    tops[j] = top[j];
    sums[j] = total[j];
  }
#else
  (void)strip, (void)o, (void)scale, (void)key0, (void)seen, (void)scores, (void)pairs, (void)tops, (void)sums;
#endif
}

// The largest scores of the first `look` keys, where products are computed before.
INLINE void V(first_tops)(const V(strip) * strip, const float *products, float scale, int64_t key0, int64_t look,
                          vf tops[2]) {
  for (int j = 0; j < 2; j++) {
    tops[j] = vsplat(-INFINITY);
    for (int64_t r = 0; r < look; r++)
      tops[j] = V(max)(V(score)(strip, NULL, scale, products + r * 32, j * 16, key0 + r), tops[j]);
  }
}

// Probabilities of `seen` keys and 32 queries, and the gradients of their scores, the attention's scale left out: both as
// rows of bf16, `row_lanes` apart, the gradients also as pairs.
INLINE void V(fused_gradients)(const V(strip) * strip, const V(operands) * score, const V(operands) * gradient,
                               const bool before, int64_t row_lanes, float scale, int64_t key0, int64_t seen,
                               const float *lse, const float *delta, uint16_t *p_rows, uint16_t *ds_rows, uint32_t *ds_pairs) {
#ifdef NARROW_IN_HARDWARE
  // From sixteen queries of two keys to pairs, of the first and of the second half of a strip.
  const __m512i first = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37,
                                         5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i second = _mm512_add_epi16(first, _mm512_set1_epi16(16));
  vf log_sum[2], taken[2];
  for (int j = 0; j < 2; j++) {
    log_sum[j] = V(load)(lse, j * 16, APUS_F32) * LOG2_E;
    taken[j] = V(load)(delta, j * 16, APUS_F32);
  }
  for (int64_t r = 0; r < seen; r += 4) {
    __m512 x[4][2], dx[4][2];
    if (!before && V(only_second_half)(strip, key0 + r)) {
      PRODUCTS(x, 4, r, score, 1, before);
      PRODUCTS(dx, 4, r, gradient, 1, before);
    } else {
      PRODUCTS(x, 4, r, score, 0, before);
      PRODUCTS(dx, 4, r, gradient, 0, before);
    }
    UNROLL for (int i = 0; i < 4; i += 2) {
      vf p[2][2], g[2][2];
      UNROLL for (int e = 0; e < 2; e++) UNROLL for (int j = 0; j < 2; j++) {
        vf at = V(above_base)(strip, x[i + e][j], scale, log_sum[j], j * 16, key0 + r + i + e);
        p[e][j] = V(seen_power)(strip, at);
        g[e][j] = p[e][j] * ((vf)dx[i + e][j] - taken[j]);
      }
      __m512i rows[2];
      UNROLL for (int e = 0; e < 2; e++) {
        int64_t row = (r + i + e) * row_lanes;
        rows[e] = (__m512i)_mm512_cvtne2ps_pbh((__m512)g[e][1], (__m512)g[e][0]);
        _mm512_storeu_si512(p_rows + row, (__m512i)_mm512_cvtne2ps_pbh((__m512)p[e][1], (__m512)p[e][0]));
        _mm512_storeu_si512(ds_rows + row, rows[e]);
      }
      uint32_t *to = ds_pairs + (r + i) / 2 * 32;
      _mm512_storeu_si512(to, _mm512_permutex2var_epi16(rows[0], first, rows[1]));
      _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi16(rows[0], second, rows[1]));
    }
  }
#else
  (void)strip, (void)score, (void)gradient, (void)before, (void)row_lanes, (void)scale, (void)key0, (void)seen;
  (void)lse, (void)delta, (void)p_rows, (void)ds_rows, (void)ds_pairs;
#endif
}
#ifdef NARROW_IN_HARDWARE
#undef PRODUCTS
#undef UNROLL
#endif
