// What the forward and the backward pass share: packed keys and values of one KV head, a strip of queries, and the
// visible range of keys. Scores are kept transposed, keys down and queries across, so that the softmax of sixteen
// queries runs in vector lanes without a horizontal step. Included by a body, once for every variant.

#ifndef KEY_BLOCK
#define KEY_BLOCK 64
#endif

INLINE int64_t V(up)(int64_t a, int64_t unit) { return (a + unit - 1) / unit * unit; }
INLINE const void *V(at)(const void *p, int64_t elements, apus_dtype type) {
  return (const char *)p + elements * (type == APUS_F32 ? 4 : 2);
}

// Fetches rows from `row` up to `end` that are soon read, or written: they lie too far apart for the processor to see
// them coming.
INLINE void V(expect)(const void *first, int64_t stride, int64_t columns, apus_dtype type, int64_t row, int64_t end,
                      const bool written) {
  const int64_t size = type == APUS_F32 ? 4 : 2;
  for (; row < end; row++)
    for (int64_t c = 0; c < columns * size; c += 64) {
      const char *line = (const char *)first + row * stride * size + c;
      if (written) __builtin_prefetch(line, 1);
      else __builtin_prefetch(line);
    }
}

// Left panels of `rows` vectors of length `depth`: all panels of the tile's height, one after another.
INLINE void V(pack_rows)(const apus_gemm_kernel *kn, apus_matrix m, int64_t rows, int64_t depth, char *out) {
  size_t bytes = apus_panel_a_bytes(kn, depth);
  for (int64_t r = 0; r < rows; r += kn->tile_rows, out += bytes) {
    apus_matrix part = m;
    part.data = V(at)(m.data, r * m.row_stride, m.dtype);
    kn->pack_a(&part, depth, rows - r, out);
  }
}
// The same of the transposed matrix: `columns` of it are the vectors and `count` rows the depth, in panels with room for
// a depth of `room`.
INLINE void V(pack_turned)(const apus_gemm_kernel *kn, apus_matrix m, int64_t columns, int64_t count, int64_t room,
                           char *out) {
  size_t bytes = apus_panel_a_bytes(kn, room);
  for (int64_t c = 0; c < columns; c += kn->tile_rows, out += bytes) {
    apus_matrix part = {V(at)(m.data, c, m.dtype), m.dtype, 1, m.row_stride};
    kn->pack_a(&part, count, columns - c, out);
  }
}
// Right panels, `bytes` apart: room for more depth than is there.
INLINE void V(pack_columns)(const apus_gemm_kernel *kn, apus_matrix m, int64_t columns, int64_t depth, char *out,
                            size_t bytes) {
  for (int64_t c = 0; c < columns; c += kn->tile_columns, out += bytes) {
    apus_matrix part = m;
    part.data = V(at)(m.data, c * m.row_stride, m.dtype);
    kn->pack_b(&part, depth, columns - c, out);
  }
}
INLINE size_t V(rows_bytes)(const apus_gemm_kernel *kn, int64_t rows, int64_t depth) {
  return (size_t)(V(up)(rows, kn->tile_rows) / kn->tile_rows) * apus_panel_a_bytes(kn, depth);
}

typedef struct {
  int32_t first[32], last[32];  // of each lane; nonexistent queries see nothing
  int32_t lowest_first, highest_first, lowest_last, highest_last;
  int32_t lowest_kept, highest_kept;  // of keys that are kept
  int32_t first_half_last;            // the highest last of the first sixteen lanes
  int64_t count;
} V(strip);

INLINE void V(strip_range)(const apus_attention *s, int64_t sequence, int64_t query0, int64_t count, int lanes,
                           V(strip) * out) {
  out->count = count;
  out->lowest_first = INT32_MAX;
  out->highest_first = -1;
  out->lowest_last = INT32_MAX;
  out->highest_last = -1;
  out->lowest_kept = INT32_MAX;
  out->highest_kept = -1;
  out->first_half_last = -1;
  if (apus_only_causal(s)) {
    const int32_t own = (int32_t)(query0 + s->key_length - s->query_length), end = (int32_t)s->key_length - 1;
    for (int i = 0; i < lanes; i++) {
      out->first[i] = i < count ? 0 : INT32_MAX;
      out->last[i] = i < count ? own + i < end ? own + i : end : -1;
    }
    out->lowest_first = out->highest_first = 0;
    out->lowest_last = out->last[0];
    out->highest_last = out->last[count - 1];
    out->first_half_last = out->last[count < 16 ? count - 1 : 15];
    return;
  }
  for (int i = 0; i < lanes; i++) {
    out->first[i] = INT32_MAX;
    out->last[i] = -1;
    if (i >= count) continue;
    apus_key_range range = apus_key_range_of(s, sequence, query0 + i);
    out->first[i] = range.first;
    out->last[i] = range.last;
    if (out->first[i] < out->lowest_first) out->lowest_first = out->first[i];
    if (out->first[i] > out->highest_first) out->highest_first = out->first[i];
    if (out->last[i] < out->lowest_last) out->lowest_last = out->last[i];
    if (out->last[i] > out->highest_last) out->highest_last = out->last[i];
    if (i < 16 && out->last[i] > out->first_half_last) out->first_half_last = out->last[i];
    if (range.kept_last < range.document) continue;
    if (range.document < out->lowest_kept) out->lowest_kept = range.document;
    if (range.kept_last > out->highest_kept) out->highest_kept = range.kept_last;
  }
}
// Whether every query that exists sees every key of [key0, key1).
INLINE bool V(sees_all)(const V(strip) * s, int lanes, int64_t key0, int64_t key1) {
  return s->count == lanes && s->highest_first <= key0 && s->lowest_last >= key1 - 1;
}
// How many keys of a block of `most` from key0 on have to be looked at: up to the last that a query sees, in whole tiles
// and units of depth.
INLINE int64_t V(seen_keys)(const apus_gemm_kernel *kn, const V(strip) * s, int64_t key0, int64_t most) {
  int64_t seen = apus_padded_depth(kn, V(up)(s->highest_last + 1 - key0, kn->tile_rows));
  return seen < most ? seen : most;
}
// All ones where the lane's query sees the key.
INLINE vi V(visible)(const V(strip) * s, int lane0, int64_t key) {
  vi first, last, k = (vi){0} + (int32_t)key;
  memcpy(&first, s->first + lane0, 64);
  memcpy(&last, s->last + lane0, 64);
  return (vi)(k >= first) & (vi)(k <= last);
}
// Scores are kept in units in which their exponential is cheapest: as powers of two where it is to be coarse, since what it
// gives is rounded to bf16 next, of e otherwise.
INLINE vf V(power)(vf x, const bool half) { return half ? V(exp2_coarse)(x) : V(exp)(x); }
INLINE float V(units)(const bool half) { return half ? LOG2_E : 1; }

// What scores that are more than products of visible keys need besides; nobody who has plain ones passes it.
typedef struct {
  float soft_cap, slope;    // in the units of the exponential; 0: none
  float own[32];            // where each lane's query stands
  int64_t key0;             // of the block of keys
  uint32_t visible[2][32];  // which of its 64 keys each lane sees
  bool sees_all;
} V(extras);

_Static_assert(KEY_BLOCK == 64, "a block's keys are the bits of a word");

INLINE void V(extras_of_strip)(const apus_attention *s, int64_t head, int64_t query0, const bool half,
                               V(extras) * out) {
  out->soft_cap = s->soft_cap * V(units)(half);
  out->slope = s->slopes ? s->slopes[head] * V(units)(half) : 0;
  for (int i = 0; i < 32; i++) out->own[i] = (float)(query0 + i + s->key_length - s->query_length);
}
// What the products are multiplied by before anything else.
INLINE float V(scale)(const apus_attention *s, const bool half) {
  return s->soft_cap > 0 ? s->scale / s->soft_cap : s->scale * V(units)(half);
}
// Looks which keys of a block the strip's queries see; whether there is any.
INLINE bool V(look)(const apus_attention *s, const V(strip) * strip, int64_t sequence, int64_t head, int64_t query0,
                    int lanes, int64_t key0, V(extras) * out) {
  if (key0 > strip->highest_kept && key0 + KEY_BLOCK <= strip->lowest_first) return false;
  uint64_t some = 0, all = ~(uint64_t)0;
  for (int i = 0; i < lanes; i++) {
    uint64_t bits = 0;
    if (i < strip->count) {
      apus_key_range range = apus_key_range_of(s, sequence, query0 + i);
      bits = apus_seen_bits(s, &range, sequence, head, query0 + i, key0);
    }
    out->visible[0][i] = (uint32_t)bits;
    out->visible[1][i] = (uint32_t)(bits >> 32);
    some |= bits;
    all &= bits;
  }
  out->key0 = key0;
  out->sees_all = all == ~(uint64_t)0;
  return some != 0;
}
// The first block that a query of the strip may see.
INLINE int64_t V(first_block)(const V(strip) * s) {
  return (s->lowest_kept < s->lowest_first ? s->lowest_kept : s->lowest_first) / KEY_BLOCK;
}

// Capped, biased by distance and masked, as the specification says. `steepness` is NULL or takes what capping multiplies
// gradients by.
INLINE vf V(extra_score)(const V(extras) * e, vf x, int lane0, int64_t key, vf *steepness) {
  if (e->soft_cap > 0) {
    vf t = V(tanh)(x);
    x = t * e->soft_cap;
    if (steepness) *steepness = 1.0f - t * t;
  }
  if (e->slope != 0) {
    vf own, distance;
    LOAD_F32(own, e->own + lane0);
    distance = own - (float)key;
    x -= e->slope * V(max)(distance, -distance);
  }
  if (e->sees_all) return x;
  vi bits;
  int bit = (int)(key - e->key0);
  memcpy(&bits, e->visible[bit / 32] + lane0, 64);
  return vselect((bits << (31 - bit % 32)) >> 31, x, vsplat(-INFINITY));
}
// Products times `scale`; -infinity where a query of the strip, if one is given, does not see the key.
INLINE vf V(seen_score)(const V(strip) * strip, vf product, float scale, int lane0, int64_t key) {
  vf x = product * scale;
  return strip ? vselect(V(visible)(strip, lane0, key), x, vsplat(-INFINITY)) : x;
}
// The scores of one key and sixteen queries, from products in memory.
INLINE vf V(score)(const V(strip) * strip, const V(extras) * extras, float scale, const float *products, int lane0,
                   int64_t key) {
  vf x;
  LOAD_F32(x, products + lane0);
  return extras ? V(extra_score)(extras, x * scale, lane0, key, NULL) : V(seen_score)(strip, x, scale, lane0, key);
}
// Whether a tile that was computed here can be written as the pairs of bf16 in which a packed right operand keeps it.
INLINE bool V(takes_pairs)(const bool half) {
#ifdef NARROW_IN_HARDWARE
  return half;
#else
  (void)half;
  return false;
#endif
}
// Writes `[depth, lanes]` floats as rows of `lanes` queries: out[q * stride + d] = in[d * lanes + q] * factor[q].
INLINE void V(write_transposed)(const float *in, int lanes, int64_t depth, int64_t queries, const float *factor,
                                void *out, int64_t stride, apus_dtype type) {
  for (int64_t q0 = 0; q0 < queries; q0 += 16) {
    vf f;
    memcpy(&f, factor + q0, 64);
    for (int64_t d0 = 0; d0 < depth; d0 += 16) {
      vf r[16];
      int wide = depth - d0 < 16 ? (int)(depth - d0) : 16;
      const float *from = in + d0 * lanes + q0;
      if (wide == 16) {
        for (int i = 0; i < 16; i++) r[i] = V(load)(from, i * lanes, APUS_F32) * f;
      } else {
        for (int i = 0; i < 16; i++) r[i] = i < wide ? V(load)(from, i * lanes, APUS_F32) * f : (vf){0};
      }
      V(transpose)(r);
      for (int i = 0; i < 16 && q0 + i < queries; i++) {
        if (wide == 16) V(store)(out, (q0 + i) * stride + d0, r[i], type);
        else V(store_some)(out, (q0 + i) * stride + d0, wide, r[i], type);
      }
    }
  }
}
