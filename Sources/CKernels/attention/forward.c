// Attention forward by tiles: one task is one KV head of one sequence with all the query heads that share it, or with a
// part of their queries.
#ifndef APUS_BODY
#define SOURCE_FILE "../attention/forward.c"
#include "apus_pool.h"
#include "attention_few_queries.h"
#include "attention_range.h"
#include "gemm_blocks.h"
typedef struct {
  const apus_attention *spec;
  const void *q, *k, *v;
  void *out;
  float *lse;
  int64_t parts;  // that a head's strips of queries are dealt out to
} apus_attention_forward_job;
#include "for_each_variant.h"

// Enough parts for all threads to be busy nine tenths of the time, where there are few heads. Each packs the head's
// keys and values for itself, which pays for at least `QUERIES_OF_PART` queries.
enum { MOST_PARTS = 8, QUERIES_OF_PART = 128 };
static int64_t parts_of_head(const apus_attention *s) {
  const int64_t heads = s->sequences * s->kv_heads, threads = apus_pool_threads();
  int64_t parts = 1, best = 0;
  for (int64_t p = 1; p == 1 || (p <= MOST_PARTS && p * QUERIES_OF_PART <= s->query_length); p++) {
    const int64_t busy = 1000 * heads * p / (divide_up(heads * p, threads) * threads);
    if (busy > best) {
      parts = p;
      best = busy;
    }
    if (busy >= 900) break;
  }
  return parts;
}

void apus_attention_forward(const apus_attention *s, const void *q, const void *k, const void *v, void *out,
                            float *lse) {
  if (s->query_length <= APUS_FEW_QUERIES) {
    apus_attention_few_queries(s, q, k, v, out, lse);
    return;
  }
  if (s->sequences * s->kv_heads <= 0) return;
  apus_attention_forward_job job = {s, q, k, v, out, lse, parts_of_head(s)};
  apus_parallel(s->sequences * s->kv_heads * job.parts, CHOOSE(attention_forward_task), &job);
}

#else
#include "attention_tiles.h"
#include "attention_fused.h"

// What sixteen queries from lane0 on have come to: the score that their exponentials are taken against (-infinity before
// any), and the sum of these.
typedef struct {
  vf base, total;
} V(softmax);

// The exponentials, relative to `base`, of the products of `seen` keys, in place or as pairs; their sum, and the largest
// score of them and `top`. `strip` is NULL where every query sees every key.
INLINE vf V(exponentials)(const V(strip) * strip, const V(extras) * extras, float scale, float *scores,
                          uint32_t *pairs, int lanes, int lane0, int64_t key0, int64_t seen, const bool half, vf base,
                          vf *top) {
  vf sum = {0}, largest = *top;
  for (int64_t r = 0; r < seen; r += 2) {
    vf p[2];
    for (int i = 0; i < 2; i++) {
      vf x = V(score)(strip, extras, scale, scores + (r + i) * lanes, lane0, key0 + r + i);
      largest = V(max)(x, largest);
      p[i] = V(power)(x - base, half);
      sum += p[i];
      if (!V(takes_pairs)(half)) memcpy(scores + (r + i) * lanes + lane0, &p[i], 64);
    }
    if (V(takes_pairs)(half)) V(store_pairs)(pairs + r / 2 * lanes + lane0, p[0], p[1]);
  }
  *top = largest;
  return sum;
}

// Takes `seen` more keys into a softmax. What came before shrinks by the factor that is given back, unless it is 1 for all.
INLINE bool V(soften)(const V(strip) * strip, const V(extras) * extras, float scale, float *scores, uint32_t *pairs,
                      int lanes, int lane0, int64_t key0, int64_t seen, const bool half, V(softmax) * softmax,
                      vf *shrink) {
  vf top = softmax->base;
  if (V(takes_pairs)(half) && !V(any)((vi)(top == vsplat(-INFINITY)))) {
    // The products are still there afterwards, so one pass is tried with the old base, which does as long as no exponential
    // comes out above 2^8: nothing is lost in float, nor by rounding to bf16.
    vf sum =
        V(exponentials)(strip, extras, scale, scores, pairs, lanes, lane0, key0, seen, half, softmax->base, &top);
    if (!V(any)((vi)(top > softmax->base + 8.0f))) {
      softmax->total += sum;
      return false;
    }
  } else {
    for (int64_t r = 0; r < seen; r++)
      top = V(max)(V(score)(strip, extras, scale, scores + r * lanes, lane0, key0 + r), top);
  }
  // A lane that has seen nothing yet keeps -infinity; its exponent is taken against 0 instead.
  vf base = vselect(top == vsplat(-INFINITY), vsplat(0), top), ignored = top;
  *shrink = V(exp)((softmax->base - base) * (1 / V(units)(half)));
  vf sum = V(exponentials)(strip, extras, scale, scores, pairs, lanes, lane0, key0, seen, half, base, &ignored);
  softmax->total = softmax->total * *shrink + sum;
  softmax->base = top;
  return true;
}

// Adds a block's values, weighted by the packed probabilities of its `seen` keys, to the strip's sums, which begin with those
// of the first block.
INLINE void V(add_values)(const apus_gemm_kernel *kn, int64_t seen, int64_t values, const char *panels, size_t panel_bytes,
                          const char *packed_p, float *sums, bool first) {
  for (int64_t r = 0; r < values; r += kn->tile_rows, panels += panel_bytes)
    kn->tile(seen, panels, packed_p, sums + r * kn->tile_columns, kn->tile_columns, !first);
}

INLINE void V(attention_forward)(const apus_attention_forward_job *job, int64_t task, const bool half,
                                 const bool plain) {
  const apus_attention *s = job->spec;
  const apus_gemm_kernel *kn = apus_attention_kernel_for(s->compute);
  const int lanes = kn->tile_columns, vectors = lanes / 16;
  const float scale = plain ? s->scale * V(units)(half) : V(scale)(s, half);
  const int64_t part = task % job->parts, head = task / job->parts;
  const int64_t sequence = head / s->kv_heads, kv = head % s->kv_heads, group = s->heads / s->kv_heads;
  // What else there is to look at is kept for blocks of KEY_BLOCK.
  const int64_t width = plain && kn->key_blocks > 1 ? kn->key_blocks * KEY_BLOCK : KEY_BLOCK;
  const int64_t keys = s->key_length, blocks = V(up)(keys, width) / width;
  const int64_t dim = s->head_dim, value_dim = s->value_dim, values = V(up)(value_dim, kn->tile_rows);
  const int64_t padded_dim = apus_padded_depth(kn, dim);

  size_t key_block = V(rows_bytes)(kn, width, dim), value_block = V(rows_bytes)(kn, value_dim, width);
  size_t key_panel = apus_panel_a_bytes(kn, dim), value_panel = apus_panel_a_bytes(kn, width);
  char *packed_keys = apus_workspace(0, (size_t)blocks * key_block);
  char *packed_values = apus_workspace(1, (size_t)blocks * value_block);
  size_t q_bytes = (apus_panel_b_bytes(kn, dim) + 63) & ~(size_t)63;
  size_t p_bytes = (apus_panel_b_bytes(kn, width) + 63) & ~(size_t)63;
  char *strip_memory = apus_workspace(
      2, q_bytes + p_bytes + (size_t)(V(up)(width, kn->tile_rows) + values) * (size_t)lanes * 4);
  char *packed_q = strip_memory, *packed_p = strip_memory + q_bytes;
  uint32_t *pairs = (uint32_t *)packed_p;
  float *scores = (float *)(packed_p + p_bytes), *sums = scores + V(up)(width, kn->tile_rows) * lanes;

  const void *k = V(at)(job->k, sequence * keys * s->k_stride + kv * dim, s->dtype);
  const void *v = V(at)(job->v, sequence * keys * s->v_stride + kv * value_dim, s->dtype);
  for (int64_t b = 0; b < blocks; b++) {
    int64_t key0 = b * width, count = least(width, keys - key0);
    apus_matrix km = {V(at)(k, key0 * s->k_stride, s->dtype), s->dtype, s->k_stride, 1};
    int64_t next = least(width, keys - key0 - count);
    V(expect)(k, s->k_stride, dim, s->dtype, key0 + count, key0 + count + next, false);
    V(expect)(v, s->v_stride, value_dim, s->dtype, key0 + count, key0 + count + next, false);
    V(pack_rows)(kn, km, count, dim, packed_keys + (size_t)b * key_block);
    apus_matrix vm = {V(at)(v, key0 * s->v_stride, s->dtype), s->dtype, s->v_stride, 1};
    // The depth of a last, shorter block is padded with zeros to the whole block.
    char *to = packed_values + (size_t)b * value_block;
    if (count < width) memset(to, 0, value_block);
    V(pack_turned)(kn, vm, value_dim, count, width, to);
  }
  if (kn->begin) kn->begin();
  for (int64_t h = kv * group; h < (kv + 1) * group; h++) {
    for (int64_t query0 = part * lanes; query0 < s->query_length; query0 += job->parts * lanes) {
      const int64_t left = s->query_length - query0, count = least(lanes, left);
      V(strip) strip;
      V(strip_range)(s, sequence, query0, count, lanes, &strip);
      int64_t token = sequence * s->query_length + query0;
      apus_matrix qm = {V(at)(job->q, token * s->q_stride + h * dim, s->dtype), s->dtype, s->q_stride, 1};
      kn->pack_b(&qm, dim, count, packed_q);
      const int64_t ahead = job->parts * lanes, next = left > ahead ? least(lanes, left - ahead) : 0;
      const void *next_q = V(at)(qm.data, ahead * s->q_stride, s->dtype);
      void *out = (void *)V(at)(job->out, token * s->out_stride + h * value_dim, s->dtype);
      V(extras) extras;
      if (!plain) V(extras_of_strip)(s, h, query0, half, &extras);
      // A sink is a score that was seen before all others.
      V(softmax) softmax[2] = {{vsplat(-INFINITY), {0}}, {vsplat(-INFINITY), {0}}};
      for (int j = 0; j < 2 && s->sinks; j++)
        softmax[j] = (V(softmax)){vsplat(s->sinks[h] * V(units)(half)), vsplat(1)};
      bool first = true;
      int64_t block0 = plain ? strip.lowest_first / width : V(first_block)(&strip);
      int64_t block1 = strip.highest_last < 0 ? block0 : strip.highest_last / width + 1;
      for (int64_t b = block0; b < block1; b++) {
        int64_t key0 = b * width, n = b - block0, of = block1 - block0;
        V(expect)(out, s->out_stride, value_dim, s->dtype, count * n / of, count * (n + 1) / of, true);
        V(expect)(next_q, s->q_stride, dim, s->dtype, next * n / of, next * (n + 1) / of, false);
        if (!plain && !V(look)(s, &strip, sequence, h, query0, lanes, key0, &extras)) continue;
        int64_t seen = V(seen_keys)(kn, &strip, key0, width);
        const bool whole = V(sees_all)(&strip, lanes, key0, key0 + width);
        const V(operands) products = {packed_keys + (size_t)b * key_block, key_panel, packed_q, padded_dim, scores};
        const bool before = !V(in_registers)(kn, half, plain);
        if (before) V(multiply_keys)(kn, &products, seen);
        if (V(fuses)(kn, half, plain)) {
          vf base[2] = {softmax[0].base, softmax[1].base}, more[2];
          bool done;
#define EXPONENTIALS(mask, before) V(fused_exponentials)(mask, &products, before, scale, key0, seen, base, pairs, more)
          if (first && !s->sinks && !before) {
            if (whole) V(fused_first)(NULL, &products, scale, key0, seen, scores, pairs, base, more);
            else V(fused_first)(&strip, &products, scale, key0, seen, scores, pairs, base, more);
            done = true;
          } else if (before) {
            if (first && !s->sinks) V(first_tops)(whole ? NULL : &strip, scores, scale, key0, kn->tile_rows, base);
            if (whole) done = EXPONENTIALS(NULL, true);
            else done = EXPONENTIALS(&strip, true);
          } else if (whole) done = EXPONENTIALS(NULL, false);
          else done = EXPONENTIALS(&strip, false);
#undef EXPONENTIALS
          if (done) {
            for (int j = 0; j < 2; j++) softmax[j] = (V(softmax)){base[j], softmax[j].total + more[j]};
            V(add_values)(kn, seen, values, packed_values + (size_t)b * value_block, value_panel, packed_p, sums, first);
            first = false;
            continue;
          }
        }
        if (!before) V(multiply_keys)(kn, &products, seen);
        for (int j = 0; j < vectors; j++) {
          vf shrink;
          bool shrinks;
#define SOFTEN(mask, more)                                                                                             \
  V(soften)(mask, more, scale, scores, pairs, lanes, j * 16, key0, seen, half, &softmax[j], &shrink)
          if (!plain) shrinks = SOFTEN(NULL, &extras);
          else if (whole) shrinks = SOFTEN(NULL, NULL);
          else shrinks = SOFTEN(&strip, NULL);
#undef SOFTEN
          for (int64_t d = 0; shrinks && !first && d < values; d++) {
            vf x;
            LOAD_F32(x, sums + d * lanes + j * 16);
            x *= shrink;
            memcpy(sums + d * lanes + j * 16, &x, 64);
          }
        }
        if (!V(takes_pairs)(half)) kn->pack_b(&(apus_matrix){scores, APUS_F32, 1, lanes}, seen, lanes, packed_p);
        V(add_values)(kn, seen, values, packed_values + (size_t)b * value_block, value_panel, packed_p, sums, first);
        first = false;
      }
      if (first) memset(sums, 0, (size_t)values * (size_t)lanes * 4);
      float factor[32], lse[32];
      for (int j = 0; j < vectors; j++) {
        const vf t = softmax[j].total;
        const vi seen = (vi)(t > vsplat(0)), number = (vi)(t == t);
        vf f = vselect(seen, 1.0f / t, vselect(number, vsplat(0), t));
        vf l = vselect(seen, softmax[j].base / V(units)(half) + V(log)(t), vselect(number, vsplat(-INFINITY), t));
        memcpy(factor + j * 16, &f, 64);
        memcpy(lse + j * 16, &l, 64);
      }
      for (int64_t i = 0; i < count; i++)
        job->lse[(sequence * s->heads + h) * s->query_length + query0 + i] = lse[i];
      V(write_transposed)(sums, lanes, value_dim, count, factor, out, s->out_stride, s->dtype);
    }
  }
}
// Probabilities that are rounded to bf16 next need no finer exponential.
static void V(attention_forward_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const apus_attention_forward_job *job = context;
  const bool half = job->spec->compute == APUS_BF16, plain = apus_attention_is_plain(job->spec);
  if (half && plain) V(attention_forward)(job, task, true, true);
  else if (half) V(attention_forward)(job, task, true, false);
  else if (plain) V(attention_forward)(job, task, false, true);
  else V(attention_forward)(job, task, false, false);
}
#endif
