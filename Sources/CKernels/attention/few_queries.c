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
#include "for_each_variant.h"

void apus_attention_few_queries(const apus_attention *s, const void *q, const void *k, const void *v, void *out,
                                float *lse) {
  few_queries_job job = {s, q, k, v, out, lse};
  int64_t tasks = s->sequences * s->heads;
  // Waking the pool takes longer than a small product.
  if (tasks * s->query_length * s->key_length * s->head_dim < 1 << 17) {
    apus_task task = CHOOSE(few_queries_task);
    for (int64_t t = 0; t < tasks; t++) task(&job, t, 0);
  } else {
    apus_parallel(tasks, CHOOSE(few_queries_task), &job);
  }
}

#else

static void V(few_queries_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const few_queries_job *j = context;
  const apus_attention *s = j->spec;
  int64_t sequence = task / s->heads, h = task % s->heads, kv = h / (s->heads / s->kv_heads);
  int64_t dim = s->head_dim, value_dim = s->value_dim, whole = dim / 16 * 16, value_whole = value_dim / 16 * 16;
  float *scores = apus_workspace(0, (size_t)(s->key_length + value_dim + 32) * 4), *sums = scores + s->key_length;
  for (int64_t i = 0; i < s->query_length; i++) {
    int32_t first, last;
    apus_key_range(s, sequence, i, &first, &last);
    int64_t token = sequence * s->query_length + i, q_at = token * s->q_stride + h * dim;
    int64_t out_at = token * s->out_stride + h * value_dim;
    float top = -INFINITY, total = 0;
    for (int64_t key = first; key <= last; key++) {
      int64_t k_at = (sequence * s->key_length + key) * s->k_stride + kv * dim;
      vf sum = {0};
      for (int64_t d = 0; d < whole; d += 16) sum += V(load)(j->q, q_at + d, s->dtype) * V(load)(j->k, k_at + d, s->dtype);
      if (whole < dim)
        sum += V(load_some)(j->q, q_at + whole, (int)(dim - whole), s->dtype) *
               V(load_some)(j->k, k_at + whole, (int)(dim - whole), s->dtype);
      float x = V(sum)(sum) * s->scale;
      scores[key] = x;
      top = x > top ? x : top;
    }
    memset(sums, 0, (size_t)(value_dim + 16) * 4);
    for (int64_t key = first; key <= last; key += 16) {
      int n = last - key + 1 < 16 ? (int)(last - key + 1) : 16;
      vf p = V(exp)(V(load_some)(scores, key, n, APUS_F32) - top);
      float e[16];
      memcpy(e, &p, 64);
      for (int w = 0; w < n; w++) {
        int64_t v_at = (sequence * s->key_length + key + w) * s->v_stride + kv * value_dim;
        total += e[w];
        for (int64_t d = 0; d < value_whole; d += 16) {
          vf a;
          LOAD_F32(a, sums + d);
          a += e[w] * V(load)(j->v, v_at + d, s->dtype);
          memcpy(sums + d, &a, 64);
        }
        if (value_whole < value_dim) {
          vf a;
          LOAD_F32(a, sums + value_whole);
          a += e[w] * V(load_some)(j->v, v_at + value_whole, (int)(value_dim - value_whole), s->dtype);
          memcpy(sums + value_whole, &a, 64);
        }
      }
    }
    bool seen = last >= first;
    float factor = seen ? 1 / total : 0;
    for (int64_t d = 0; d < value_dim; d += 16) {
      vf a;
      LOAD_F32(a, sums + d);
      a *= factor;
      if (value_dim - d >= 16) V(store)(j->out, out_at + d, a, s->dtype);
      else V(store_some)(j->out, out_at + d, (int)(value_dim - d), a, s->dtype);
    }
    j->lse[(sequence * s->heads + h) * s->query_length + i] = seen ? top + logf(total) : -INFINITY;
  }
}
#endif
