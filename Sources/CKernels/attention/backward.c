// Attention backward by tiles: scores are computed again from the saved log-sum-exp. One task is one KV head of one
// sequence, so the sums into its keys' and values' gradients have one order.
#ifndef APUS_BODY
#define SOURCE_FILE "../attention/backward.c"
#include "apus_pool.h"
#include "attention_range.h"
#include "gemm_blocks.h"
enum { MOST_STRIPS = 4 };
typedef struct {
  const apus_attention *spec;
  const void *q, *k, *v, *out, *d_out;
  const float *lse;
  void *d_q, *d_k, *d_v;
} apus_attention_backward_job;
#include "for_each_variant.h"

void apus_attention_backward(const apus_attention *s, const void *q, const void *k, const void *v, const void *out,
                             const float *lse, const void *d_out, void *d_q, void *d_k, void *d_v) {
  apus_attention_backward_job job = {s, q, k, v, out, d_out, lse, d_q, d_k, d_v};
  apus_parallel(s->sequences * s->kv_heads, CHOOSE(attention_backward_task), &job);
}

#else
#include "attention_tiles.h"
#include "attention_fused.h"

// Adds the products of a tile `[keys, depth]`, its rows `row_bytes` apart, as the left operand and packed columns. `left`
// has room for the tile's panels where the kernel cannot read its rows in place.
INLINE void V(accumulate)(const apus_gemm_kernel *kn, int64_t keys, int64_t depth, const void *tile, int64_t row_bytes,
                          apus_dtype type, char *left, const char *right, size_t right_panel, int64_t columns,
                          float *sums, int64_t stride, int64_t second_half) {
  const int64_t half = depth / 2, half_bytes = half * kn->element_bytes;
  const bool direct = kn->tile_direct && kn->element_bytes == (int)apus_dtype_size(type);
  if (!direct) V(pack_rows)(kn, (apus_matrix){tile, type, row_bytes / kn->element_bytes, 1}, keys, depth, left);
  size_t panel = apus_panel_a_bytes(kn, depth);
  for (int64_t c = 0; c < columns; c += kn->tile_columns)
    for (int64_t r = 0; r < keys; r += kn->tile_rows) {
      const char *b = right + (size_t)(c / kn->tile_columns) * right_panel;
      float *to = sums + r * stride + c;
      const char *rows = (const char *)tile + r * row_bytes;
      if (direct && r >= second_half)
        kn->tile_direct(half, rows + half_bytes, row_bytes, b + half_bytes * kn->tile_columns, to, stride, true);
      else if (direct) kn->tile_direct(depth, rows, row_bytes, b, to, stride, true);
      else kn->tile(depth, left + (size_t)(r / kn->tile_rows) * panel, b, to, stride, true);
    }
}
// Rows that are written next are fetched: they lie too far apart for the processor to see them coming.
INLINE void V(write_rows)(const float *in, int64_t stride, int64_t rows, int64_t columns, float factor, void *out,
                          int64_t out_stride, apus_dtype type) {
  const int64_t ahead = 24;
  V(expect)(out, out_stride, columns, type, 0, least(ahead, rows), true);
  for (int64_t r = 0; r < rows; r++) {
    V(expect)(out, out_stride, columns, type, r + ahead, least(r + ahead + 1, rows), true);
    for (int64_t c = 0; c < columns; c += 16) {
      vf x;
      LOAD_F32(x, in + r * stride + c);
      x *= factor;
      if (columns - c >= 16) V(store)(out, r * out_stride + c, x, type);
      else V(store_some)(out, r * out_stride + c, (int)(columns - c), x, type);
    }
  }
}

// The sum over a head of d_out * out of each query, which is what the softmax's normalisation takes away; zero for those past
// `count`. Sixteen are added up at once.
INLINE void V(taken_by_normalising)(const void *out, const void *d_out, int64_t stride, int64_t width, apus_dtype type,
                                    int64_t count, int lanes, float *delta) {
  for (int64_t q = 0; q < lanes; q += 16) {
    vf products[16];
    for (int i = 0; i < 16; i++) {
      vf sum = {0};
      int64_t d = 0, at = (q + i) * stride;
      if (q + i < count) {
        for (; d + 16 <= width; d += 16) sum += V(load)(out, at + d, type) * V(load)(d_out, at + d, type);
        if (d < width)
          sum += V(load_some)(out, at + d, (int)(width - d), type) * V(load_some)(d_out, at + d, (int)(width - d), type);
      }
      products[i] = sum;
    }
    vf sums = V(sums_of)(products);
    memcpy(delta + q, &sums, 64);
  }
}

// What the backward pass makes of the products of a block of keys and a strip of queries.
typedef struct {
  float *p, *ds;          // [keys, lanes]: scores, then probabilities; their gradients
  void *p_rows, *ds_rows;  // where pairs are taken: the same rounded, rows `row_lanes` apart, else p and ds themselves
  int64_t row_lanes;
  uint32_t *ds_pairs;      // and the gradients as the packed right operand
} V(block);

// The product that a block's keys add to a strip's gradient. It waits until the next scores are begun: a tile unit
// cannot take at once what was just written.
typedef struct {
  int64_t seen;  // keys; 0: nothing waits
  const char *turned, *packed_s;
  float *d_q;
} V(waiting);

INLINE void V(add_waiting)(const apus_gemm_kernel *kn, V(waiting) * w, int64_t dims, size_t turned_panel, int lanes) {
  for (int64_t r = 0; w->seen > 0 && r < dims; r += kn->tile_rows, w->turned += turned_panel)
    kn->tile(w->seen, w->turned, w->packed_s, w->d_q + r * lanes, lanes, true);
  w->seen = 0;
}

// A strip of queries.
typedef struct {
  V(strip) seen;
  int64_t query0, count, block0, block1;
  char *q, *o;  // packed as right operands, queries and the output's gradient
  float *d_q;
  float lse[32], delta[32];
  V(extras) extras;
} V(queries);

// Turns the products of `seen` keys and sixteen queries from lane0 on into probabilities, and the gradients of these
// into the gradients of the products, `scale` left out. `strip` is NULL where every query sees every key.
INLINE void V(score_gradients)(const apus_attention *s, const V(strip) * strip, const V(extras) * extras,
                               const V(block) * block, int lanes, int lane0, int64_t key0, int64_t seen,
                               const bool half, const float *lse, const float *delta) {
  const bool pairs = V(takes_pairs)(half);
  const float scale = extras ? V(scale)(s, half) : s->scale * V(units)(half);
  vf log_sum = V(load)(lse, lane0, APUS_F32) * V(units)(half), taken = V(load)(delta, lane0, APUS_F32);
  for (int64_t r = 0; r < seen; r += 2) {
    vf g[2];
    for (int i = 0; i < 2; i++) {
      int64_t at = (r + i) * lanes;
      vf x, steepness = vsplat(1);
      if (extras)
        x = V(extra_score)(extras, V(load)(block->p, at + lane0, APUS_F32) * scale, lane0, key0 + r + i, &steepness);
      else x = V(score)(strip, NULL, scale, block->p + at, lane0, key0 + r + i);
      vf probability = V(power)(x - log_sum, half);
      g[i] = probability * (V(load)(block->ds, at + lane0, APUS_F32) - taken);
      if (extras) g[i] *= steepness;
      const int64_t to = (r + i) * block->row_lanes + lane0;
      V(store)(block->p_rows, to, probability, pairs ? APUS_BF16 : APUS_F32);
      V(store)(block->ds_rows, to, g[i], pairs ? APUS_BF16 : APUS_F32);
    }
    if (pairs) V(store_pairs)(block->ds_pairs + r / 2 * lanes + lane0, g[0], g[1]);
  }
}

INLINE void V(attention_backward)(const apus_attention_backward_job *job, int64_t task, const bool half,
                                  const bool plain) {
  const apus_attention *s = job->spec;
  const apus_gemm_kernel *kn = apus_attention_kernel_for(s->compute);
  const int lanes = kn->tile_columns, vectors = lanes / 16;
  const int64_t sequence = task / s->kv_heads, kv = task % s->kv_heads, group = s->heads / s->kv_heads;
  const int64_t keys = s->key_length, blocks = V(up)(keys, KEY_BLOCK) / KEY_BLOCK, dim = s->head_dim;
  const int64_t value_dim = s->value_dim, dims = V(up)(dim, kn->tile_rows);
  const int64_t dim_stride = V(up)(dim, lanes), value_stride = V(up)(value_dim, lanes);
  const int64_t padded_dim = apus_padded_depth(kn, dim), padded_value = apus_padded_depth(kn, value_dim);

  // Packed once: K and V as left operands by key, K again by dimension for the queries' gradient.
  size_t key_block = V(rows_bytes)(kn, KEY_BLOCK, dim), value_block = V(rows_bytes)(kn, KEY_BLOCK, value_dim);
  size_t turned_block = V(rows_bytes)(kn, dim, KEY_BLOCK);
  size_t key_panel = apus_panel_a_bytes(kn, dim), value_panel = apus_panel_a_bytes(kn, value_dim);
  size_t turned_panel = apus_panel_a_bytes(kn, KEY_BLOCK);
  char *packed_keys = apus_workspace(0, (size_t)blocks * key_block);
  char *packed_values = apus_workspace(1, (size_t)blocks * value_block);
  char *turned_keys = apus_workspace(2, (size_t)blocks * turned_block);
  int64_t key_rows = blocks * KEY_BLOCK;
  float *d_k = apus_workspace(3, (size_t)(key_rows * (dim_stride + value_stride)) * 4);
  float *d_v = d_k + key_rows * dim_stride;
  memset(d_k, 0, (size_t)(key_rows * (dim_stride + value_stride)) * 4);

  const int strips = plain && kn->strips > 1 ? kn->strips : 1;
  const int64_t row_lanes = strips * lanes;
  size_t q_bytes = apus_panel_b_bytes(kn, dim), o_bytes = apus_panel_b_bytes(kn, value_dim);
  size_t lane_panel = apus_panel_b_bytes(kn, lanes), strips_panel = (size_t)strips * lane_panel;
  size_t q_turned = (size_t)(dim_stride / lanes) * strips_panel;
  size_t o_turned = (size_t)(value_stride / lanes) * strips_panel;
  size_t tile_left = V(rows_bytes)(kn, KEY_BLOCK, lanes), s_bytes = apus_panel_b_bytes(kn, KEY_BLOCK);
  const bool pairs = V(takes_pairs)(half);
  const apus_dtype rows_type = pairs ? APUS_BF16 : APUS_F32;
  size_t score_bytes = (size_t)(KEY_BLOCK * lanes) * 4, row_bytes = (size_t)(KEY_BLOCK * row_lanes) * 2;
  size_t dq_bytes = (size_t)(dims * lanes) * 4;
#define ROUND(x) (((x) + 63) & ~(size_t)63)
  const size_t strip_bytes = ROUND(q_bytes) + ROUND(o_bytes) + ROUND(dq_bytes);
  char *memory = apus_workspace(4, (size_t)strips * strip_bytes + ROUND(q_turned) + ROUND(o_turned) + ROUND(tile_left) +
                                       2 * ROUND(s_bytes) + 2 * ROUND(score_bytes) + 2 * ROUND(row_bytes));
  char *turned_q = memory + (size_t)strips * strip_bytes, *turned_o = turned_q + ROUND(q_turned);
  char *left = turned_o + ROUND(o_turned), *packed_s = left + ROUND(tile_left);
  char *p = packed_s + 2 * ROUND(s_bytes), *ds = p + ROUND(score_bytes), *rows = ds + ROUND(score_bytes);
  V(block) block = {(float *)p, (float *)ds, pairs ? rows : p, pairs ? rows + ROUND(row_bytes) : ds, row_lanes,
                    (uint32_t *)packed_s};
  V(queries) of[MOST_STRIPS];
  for (int i = 0; i < strips; i++) {
    of[i].q = memory + (size_t)i * strip_bytes;
    of[i].o = of[i].q + ROUND(q_bytes);
    of[i].d_q = (float *)(of[i].o + ROUND(o_bytes));
  }
  const size_t other_s = ROUND(s_bytes);
#undef ROUND
  V(waiting) waiting = {0};
  int turn = 0;  // of the two places for the gradients as pairs

  const void *k = V(at)(job->k, sequence * keys * s->k_stride + kv * dim, s->dtype);
  const void *v = V(at)(job->v, sequence * keys * s->v_stride + kv * value_dim, s->dtype);
  for (int64_t b = 0; b < blocks; b++) {
    int64_t key0 = b * KEY_BLOCK, count = keys - key0 < KEY_BLOCK ? keys - key0 : KEY_BLOCK;
    apus_matrix km = {V(at)(k, key0 * s->k_stride, s->dtype), s->dtype, s->k_stride, 1};
    apus_matrix vm = {V(at)(v, key0 * s->v_stride, s->dtype), s->dtype, s->v_stride, 1};
    int64_t next = keys - key0 - count < KEY_BLOCK ? keys - key0 - count : KEY_BLOCK;
    V(expect)(k, s->k_stride, dim, s->dtype, key0 + count, key0 + count + next, false);
    V(expect)(v, s->v_stride, value_dim, s->dtype, key0 + count, key0 + count + next, false);
    if (count < KEY_BLOCK) {
      memset(packed_keys + (size_t)b * key_block, 0, key_block);
      memset(packed_values + (size_t)b * value_block, 0, value_block);
      memset(turned_keys + (size_t)b * turned_block, 0, turned_block);
    }
    V(pack_rows)(kn, km, count, dim, packed_keys + (size_t)b * key_block);
    V(pack_rows)(kn, vm, count, value_dim, packed_values + (size_t)b * value_block);
    V(pack_turned)(kn, km, dim, count, KEY_BLOCK, turned_keys + (size_t)b * turned_block);
  }
  if (kn->begin) kn->begin();
  for (int64_t h = kv * group; h < (kv + 1) * group; h++) {
    const void *q = V(at)(job->q, sequence * s->query_length * s->q_stride + h * dim, s->dtype);
    const void *out = V(at)(job->out, sequence * s->query_length * s->out_stride + h * value_dim, s->dtype);
    const void *d_out = V(at)(job->d_out, sequence * s->query_length * s->out_stride + h * value_dim, s->dtype);
    void *d_q = (void *)V(at)(job->d_q, sequence * s->query_length * s->q_stride + h * dim, s->dtype);
    const float *log_sums = job->lse + (sequence * s->heads + h) * s->query_length;
    for (int64_t query0 = 0; query0 < s->query_length; query0 += row_lanes) {
      const int64_t there = s->query_length - query0;
      const int used = there < row_lanes ? (int)(V(up)(there, lanes) / lanes) : strips;
      if (there < row_lanes) {
        memset(turned_q, 0, q_turned);
        memset(turned_o, 0, o_turned);
      }
      int64_t block0 = blocks, block1 = 0;
      for (int i = 0; i < used; i++) {
        V(queries) *w = &of[i];
        w->query0 = query0 + i * lanes;
        w->count = s->query_length - w->query0 < lanes ? s->query_length - w->query0 : lanes;
        V(strip_range)(s, sequence, w->query0, w->count, lanes, &w->seen);
        const void *own_q = V(at)(q, w->query0 * s->q_stride, s->dtype);
        const void *own_out = V(at)(out, w->query0 * s->out_stride, s->dtype);
        const void *own_d_out = V(at)(d_out, w->query0 * s->out_stride, s->dtype);
        const apus_matrix qm = {own_q, s->dtype, s->q_stride, 1}, om = {own_d_out, s->dtype, s->out_stride, 1};
        kn->pack_b(&qm, dim, w->count, w->q);
        kn->pack_b(&om, value_dim, w->count, w->o);
        V(pack_columns)(kn, transposed(qm), dim, w->count, turned_q + (size_t)i * lane_panel, strips_panel);
        V(pack_columns)(kn, transposed(om), value_dim, w->count, turned_o + (size_t)i * lane_panel, strips_panel);
        for (int j = 0; j < lanes; j++) {
          w->lse[j] = j < w->count ? log_sums[w->query0 + j] : 0;
          // Of a query that saw nothing: all its scores are -infinity, and so they stay.
          if (w->lse[j] == -INFINITY) w->lse[j] = 0;
          if (w->lse[j] != w->lse[j]) w->lse[j] = NAN;  // without what else it may carry
        }
        V(taken_by_normalising)(own_out, own_d_out, s->out_stride, value_dim, s->dtype, w->count, lanes, w->delta);
        memset(w->d_q, 0, dq_bytes);
        if (!plain) V(extras_of_strip)(s, h, w->query0, half, &w->extras);
        w->block0 = plain ? w->seen.lowest_first / KEY_BLOCK : V(first_block)(&w->seen);
        w->block1 = w->seen.highest_last < 0 ? w->block0 : w->seen.highest_last / KEY_BLOCK + 1;
        if (w->block0 < block0) block0 = w->block0;
        if (w->block1 > block1) block1 = w->block1;
      }
      for (int64_t b = block0; b < block1; b++) {
        const int64_t key0 = b * KEY_BLOCK;
        int64_t most_seen = 0, seen_by[MOST_STRIPS] = {0};
        int first = used, last = -1;
        for (int i = 0; i < used; i++) {
          V(queries) *w = &of[i];
          if (b < w->block0 || b >= w->block1) continue;
          // What the next strips need, and this one's gradient, a part with each block.
          const int64_t n = b - w->block0, all = w->block1 - w->block0, ahead = w->query0 + row_lanes;
          const int64_t next = ahead < s->query_length ? least(s->query_length - ahead, lanes) : 0;
          int64_t row = w->query0 + w->count * n / all, end = w->query0 + w->count * (n + 1) / all;
          V(expect)(d_q, s->q_stride, dim, s->dtype, row, end, true);
          row = ahead + next * n / all;
          end = ahead + next * (n + 1) / all;
          V(expect)(q, s->q_stride, dim, s->dtype, row, end, false);
          V(expect)(out, s->out_stride, value_dim, s->dtype, row, end, false);
          V(expect)(d_out, s->out_stride, value_dim, s->dtype, row, end, false);
          if (!plain && !V(look)(s, &w->seen, sequence, h, w->query0, lanes, key0, &w->extras)) continue;
          const int64_t seen = V(seen_keys)(kn, &w->seen, key0, KEY_BLOCK);
          V(block) own = block;
          char *own_s = packed_s + (turn ^= 1) * other_s;  // the last one may still wait
          own.ds_pairs = (uint32_t *)own_s;
          if (pairs) {
            own.p_rows = (uint16_t *)block.p_rows + i * lanes;
            own.ds_rows = (uint16_t *)block.ds_rows + i * lanes;
          }
          const V(operands) score = {packed_keys + (size_t)b * key_block, key_panel, w->q, padded_dim, own.p};
          const V(operands) gradient = {packed_values + (size_t)b * value_block, value_panel, w->o, padded_value,
                                        own.ds};
          const bool whole = V(sees_all)(&w->seen, lanes, key0, key0 + KEY_BLOCK);
          const bool before = !V(in_registers)(kn, half, plain);
          if (before) {
            V(multiply_keys)(kn, &score, seen);
            V(multiply_keys)(kn, &gradient, seen);
          }
          V(add_waiting)(kn, &waiting, dims, turned_panel, lanes);
          if (V(fuses)(kn, half, plain)) {
            const float scale = s->scale * V(units)(half);
#define GRADIENTS(mask, before)                                                                                        \
  V(fused_gradients)(mask, &score, &gradient, before, row_lanes, scale, key0, seen, w->lse, w->delta, own.p_rows,      \
                     own.ds_rows, own.ds_pairs)
            if (before && whole) GRADIENTS(NULL, true);
            else if (before) GRADIENTS(&w->seen, true);
            else if (whole) GRADIENTS(NULL, false);
            else GRADIENTS(&w->seen, false);
#undef GRADIENTS
          } else {
#define GRADIENTS(mask, more)                                                                                          \
  V(score_gradients)(s, mask, more, &own, lanes, j * 16, key0, seen, half, w->lse, w->delta)
            for (int j = 0; j < vectors; j++) {
              if (!plain) GRADIENTS(NULL, &w->extras);
              else if (whole) GRADIENTS(NULL, NULL);
              else GRADIENTS(&w->seen, NULL);
            }
#undef GRADIENTS
          }
          if (!pairs) kn->pack_b(&(apus_matrix){ds, APUS_F32, 1, lanes}, seen, lanes, own_s);
          waiting = (V(waiting)){seen, turned_keys + (size_t)b * turned_block, own_s, w->d_q};
          seen_by[i] = seen;
          if (seen > most_seen) most_seen = seen;
          if (first == used) first = i;
          last = i;
        }
        if (last < first) continue;
        // Keys that a strip does not look at, though one beside it does, count for nothing there.
        for (int i = first; i <= last && strips > 1; i++)
          for (int64_t r = seen_by[i]; r < most_seen; r++) {
            memset((uint16_t *)block.p_rows + r * row_lanes + i * lanes, 0, (size_t)lanes * 2);
            memset((uint16_t *)block.ds_rows + r * row_lanes + i * lanes, 0, (size_t)lanes * 2);
          }
        // Keys that none of the first sixteen queries sees have zeros there, which need not be multiplied.
        const int64_t second_half =
            plain && strips == 1 ? V(up)(of[0].seen.first_half_last + 1 - key0, kn->tile_rows) : KEY_BLOCK;
        const int64_t depth = apus_padded_depth(kn, (last + 1 - first) * lanes), at = first * lanes;
        const int64_t bytes = row_lanes * (pairs ? 2 : 4);
        const size_t right = (size_t)first * lane_panel;
        const void *p_rows = V(at)(block.p_rows, at, rows_type), *ds_rows = V(at)(block.ds_rows, at, rows_type);
        V(accumulate)(kn, most_seen, depth, p_rows, bytes, rows_type, left, turned_o + right, strips_panel, value_dim,
                      d_v + key0 * value_stride, value_stride, second_half);
        V(accumulate)(kn, most_seen, depth, ds_rows, bytes, rows_type, left, turned_q + right, strips_panel, dim,
                      d_k + key0 * dim_stride, dim_stride, second_half);
      }
      V(add_waiting)(kn, &waiting, dims, turned_panel, lanes);
      float factor[32];
      for (int i = 0; i < 32; i++) factor[i] = s->scale;
      for (int i = 0; i < used; i++)
        V(write_transposed)(of[i].d_q, lanes, dim, of[i].count, factor,
                            (void *)V(at)(d_q, of[i].query0 * s->q_stride, s->dtype), s->q_stride, s->dtype);
    }
  }
  V(write_rows)(d_k, dim_stride, keys, dim, s->scale,
                (void *)V(at)(job->d_k, sequence * keys * s->k_stride + kv * dim, s->dtype), s->k_stride, s->dtype);
  V(write_rows)(d_v, value_stride, keys, value_dim, 1,
                (void *)V(at)(job->d_v, sequence * keys * s->v_stride + kv * value_dim, s->dtype), s->v_stride,
                s->dtype);
}
static void V(attention_backward_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const apus_attention_backward_job *job = context;
  const bool half = job->spec->compute == APUS_BF16, plain = apus_attention_is_plain(job->spec);
  if (half && plain) V(attention_backward)(job, task, true, true);
  else if (half) V(attention_backward)(job, task, true, false);
  else if (plain) V(attention_backward)(job, task, false, true);
  else V(attention_backward)(job, task, false, false);
}
#endif
