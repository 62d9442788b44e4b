// Which blocks of keys a query attends to, by the scores of their mean keys.
#ifndef APUS_BODY
#define SOURCE_FILE "../attention/block_choice.c"
#include "apus_attention.h"
#include "apus_pool.h"
typedef struct {
  const apus_attention *spec;
  const void *q, *k;
  const float *means;
  float *new_means;
  int64_t first_block, first, local, count;
  uint64_t *blocks;
} block_job;
#include "for_each_variant.h"

void apus_block_means(const apus_attention *s, int64_t first_block, const void *k, float *means) {
  block_job job = {.spec = s, .k = k, .new_means = means, .first_block = first_block};
  apus_parallel(s->sequences, CHOOSE(mean_task), &job);
}
void apus_choose_blocks(const apus_attention *s, const void *q, const float *means, int64_t first, int64_t local,
                        int64_t count, uint64_t *blocks) {
  block_job job = {.spec = s, .q = q, .means = means, .first = first, .local = local, .count = count, .blocks = blocks};
  apus_parallel(s->sequences * s->heads, CHOOSE(choice_task), &job);
}

#else

static void V(mean_task)(void *context, int64_t sequence, int worker) {
  (void)worker;
  const block_job *j = context;
  const apus_attention *s = j->spec;
  const int64_t keys = s->key_length, width = s->kv_heads * s->head_dim, rows = (keys + s->block - 1) / s->block;
  const int32_t *first_key = s->first_key ? s->first_key + sequence * s->query_length : NULL;
  for (int64_t from = j->first_block * s->block; from < keys;) {
    int64_t document = first_key ? first_key[from] : 0, end = from;
    while (end < keys && end - from < s->block && (!first_key || first_key[end] == document)) end++;
    float *mean = j->new_means + (sequence * rows + from / s->block) * width;
    for (int64_t c = 0; c < width && end - from == s->block; c += 16) {
      vf sum = {0};
      for (int64_t key = from; key < end; key++)
        sum += V(load_up_to)(j->k, (sequence * keys + key) * s->k_stride + c, width - c, s->dtype);
      V(store_up_to)(mean, c, width - c, sum / (float)s->block, APUS_F32);
    }
    from = end;
  }
}

static void V(choice_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const block_job *j = context;
  const apus_attention *s = j->spec;
  const int64_t sequence = task / s->heads, h = task % s->heads, kv = h / (s->heads / s->kv_heads), dim = s->head_dim;
  const int64_t rows = (s->key_length + s->block - 1) / s->block, width = s->kv_heads * dim;
  float *scores = apus_workspace(0, (size_t)rows * sizeof(float));
  for (int64_t query = 0; query < s->query_length; query++) {
    int64_t at = sequence * s->query_length + query, place = query + s->key_length - s->query_length;
    int64_t document = s->first_key ? s->first_key[at] : 0;
    uint64_t *words = j->blocks + (task * s->query_length + query) * s->block_words;
    memset(words, 0, (size_t)s->block_words * 8);
    if (place < document) continue;
    int64_t own = (place - document) / s->block, near = own - j->local + 1 > 0 ? own - j->local + 1 : 0;
    for (int64_t b = 0; b <= own; b++)
      if (b < j->first || b >= near) words[b / 64] |= (uint64_t)1 << (b % 64);
    for (int64_t b = j->first; b < near; b++) {
      const float *mean = j->means + (sequence * rows + document / s->block + b) * width + kv * dim;
      vf sum = {0};
      for (int64_t d = 0; d < dim; d += 16)
        sum += V(load_up_to)(j->q, at * s->q_stride + h * dim + d, dim - d, s->dtype) *
               V(load_up_to)(mean, d, dim - d, APUS_F32);
      scores[b] = V(sum)(sum);
    }
    for (int64_t i = 0; i < j->count && i < near - j->first; i++) {
      int64_t best = -1;
      for (int64_t b = j->first; b < near; b++)
        if (!(words[b / 64] >> (b % 64) & 1) && (best < 0 || scores[b] > scores[best])) best = b;
      words[best / 64] |= (uint64_t)1 << (best % 64);
    }
  }
}
#endif
