// Attention of a few queries over many keys (generation): nothing is packed, every key and value is read once.
#ifndef APUS_BODY
#define SOURCE_FILE "../attention/few_queries.c"
#include "apus_pool.h"
#include "attention_few_queries.h"
#include "attention_range.h"
typedef struct {
  const apus_attention *spec;
  const void *q, *k, *v;
  void *out;
  float *lse;
} few_queries_job;
enum { rows_ahead = 24 };
#include "for_each_variant.h"

void apus_attention_few_queries(const apus_attention *s, const void *q, const void *k, const void *v, void *out,
                                float *lse) {
  few_queries_job job = {s, q, k, v, out, lse};
  int64_t tasks = s->sequences * s->heads;
  // Waking the pool takes longer than a small product.
  if (tasks * s->query_length * s->key_length * s->head_dim < 1 << 14) {
    apus_task task = CHOOSE(few_queries_task);
    for (int64_t t = 0; t < tasks; t++) task(&job, t, 0);
  } else {
    apus_parallel(tasks, CHOOSE(few_queries_task), &job);
  }
}

#else

// Sixteen vectors to one of their sums.
INLINE vf V(sums_of)(vf r[16]) {
  V(transpose)(r);
  for (int w = 8; w > 0; w /= 2)
    for (int i = 0; i < w; i++) r[i] += r[i + w];
  return r[0];
}

// Fetches a row that a later turn reads: rows of one head lie too far apart for the processor to expect them.
INLINE void V(expect_row)(const void *p, int64_t at, int64_t width, apus_dtype type) {
  const char *row = (const char *)p + at * (type == APUS_F32 ? 4 : 2);
  for (int64_t i = 0; i < width * (type == APUS_F32 ? 4 : 2); i += 64) __builtin_prefetch(row + i);
}

// Scores of up to sixteen keys from `k_at` on; `whole` of the `dim` elements fill vectors.
INLINE vf V(scores)(const few_queries_job *j, int64_t q_at, int64_t k_at, int keys, int64_t dim, apus_dtype type) {
  int64_t stride = j->spec->k_stride, whole = dim / 16 * 16;
  vf sum[16];
  for (int key = 0; key < 16; key++) {
    sum[key] = (vf){0};
    if (key >= keys) continue;
    int64_t at = k_at + key * stride;
    V(expect_row)(j->k, at + rows_ahead * stride, dim, type);
    for (int64_t d = 0; d < whole; d += 16) sum[key] += V(load)(j->q, q_at + d, type) * V(load)(j->k, at + d, type);
    if (whole < dim)
      sum[key] += V(load_some)(j->q, q_at + whole, (int)(dim - whole), type) *
                  V(load_some)(j->k, at + whole, (int)(dim - whole), type);
  }
  return V(sums_of)(sum);
}

// Adds the values of `keys` keys from `v_at` on, `n` vectors each, by their weights. The sums stay in registers.
INLINE void V(add_values)(const few_queries_job *j, int64_t v_at, const float *weights, int64_t keys, float *sums,
                          const int n, apus_dtype type) {
  int64_t stride = j->spec->v_stride;
  vf a[8];
  for (int i = 0; i < n; i++) LOAD_F32(a[i], sums + 16 * i);
  for (int64_t key = 0; key < keys; key++, v_at += stride) {
    V(expect_row)(j->v, v_at + rows_ahead * stride, 16 * n, type);
    for (int i = 0; i < n; i++) a[i] += weights[key] * V(load)(j->v, v_at + 16 * i, type);
  }
  for (int i = 0; i < n; i++) memcpy(sums + 16 * i, &a[i], 64);
}
INLINE void V(add_last_values)(const few_queries_job *j, int64_t v_at, const float *weights, int64_t keys, float *sums,
                               int n, apus_dtype type) {
  vf a;
  LOAD_F32(a, sums);
  for (int64_t key = 0; key < keys; key++, v_at += j->spec->v_stride) a += weights[key] * V(load_some)(j->v, v_at, n, type);
  memcpy(sums, &a, 64);
}

INLINE void V(few_queries_head)(const few_queries_job *j, int64_t sequence, int64_t h, const apus_dtype type) {
  const apus_attention *s = j->spec;
  int64_t kv = h / (s->heads / s->kv_heads), dim = s->head_dim, value_dim = s->value_dim;
  int64_t room = (s->key_length + 15) / 16 * 16;
  float *scores = apus_workspace(0, (size_t)(room + value_dim + 32) * 4), *sums = scores + room;
  for (int64_t i = 0; i < s->query_length; i++) {
    int32_t first, last;
    apus_key_range(s, sequence, i, &first, &last);
    int64_t token = sequence * s->query_length + i, q_at = token * s->q_stride + h * dim;
    int64_t out_at = token * s->out_stride + h * value_dim, keys = last >= first ? last - first + 1 : 0;
    int64_t k_at = (sequence * s->key_length + first) * s->k_stride + kv * dim;
    int64_t v_at = (sequence * s->key_length + first) * s->v_stride + kv * value_dim;
    vf top = vsplat(-INFINITY), total = {0};
    for (int64_t key = 0; key < keys; key += 16) {
      int n = keys - key < 16 ? (int)(keys - key) : 16;
      vf x = V(scores)(j, q_at, k_at + key * s->k_stride, n, dim, type) * s->scale;
      if (n < 16) {
        float some[16];
        memcpy(some, &x, 64);
        for (int lane = n; lane < 16; lane++) some[lane] = -INFINITY;
        memcpy(&x, some, 64);
      }
      top = V(max)(top, x);
      memcpy(scores + key, &x, 64);
    }
    float base = V(largest)(top);
    for (int64_t key = 0; key < keys; key += 16) {
      vf x;
      LOAD_F32(x, scores + key);
      x = V(exp)(x - base);
      total += x;
      memcpy(scores + key, &x, 64);
    }
    memset(sums, 0, (size_t)(value_dim + 16) * 4);
    int64_t d = 0;
    for (; d + 128 <= value_dim; d += 128) V(add_values)(j, v_at + d, scores, keys, sums + d, 8, type);
    if (d + 64 <= value_dim) V(add_values)(j, v_at + d, scores, keys, sums + d, 4, type), d += 64;
    if (d + 32 <= value_dim) V(add_values)(j, v_at + d, scores, keys, sums + d, 2, type), d += 32;
    if (d + 16 <= value_dim) V(add_values)(j, v_at + d, scores, keys, sums + d, 1, type), d += 16;
    if (d < value_dim) V(add_last_values)(j, v_at + d, scores, keys, sums + d, (int)(value_dim - d), type);
    float weight = V(sum)(total), factor = keys > 0 ? 1 / weight : 0;
    for (d = 0; d < value_dim; d += 16) {
      vf a;
      LOAD_F32(a, sums + d);
      a *= factor;
      V(store_up_to)(j->out, out_at + d, value_dim - d, a, type);
    }
    j->lse[(sequence * s->heads + h) * s->query_length + i] = keys > 0 ? base + logf(weight) : -INFINITY;
  }
}
static void V(few_queries_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const few_queries_job *j = context;
  int64_t sequence = task / j->spec->heads, h = task % j->spec->heads;
  if (j->spec->dtype == APUS_F32) V(few_queries_head)(j, sequence, h, APUS_F32);
  else V(few_queries_head)(j, sequence, h, APUS_BF16);
}
#endif
