#ifndef APUS_BODY
#define SOURCE_FILE "../attention/merge.c"
#include "apus_attention.h"
#include "row_sums.h"
typedef struct {
  const apus_attention *spec;
  int64_t parts;
  const void *const *outs;
  const float *const *lses;
  void *out;
  float *lse;
} merge_job;
#include "for_each_variant.h"

void apus_attention_merge(const apus_attention *s, int64_t parts, const void *const *outs, const float *const *lses,
                          void *out, float *lse) {
  merge_job job = {s, parts, outs, lses, out, lse};
  apus_parallel(apus_row_chunks(s->sequences * s->query_length), CHOOSE(merge_rows), &job);
}

#else

INLINE float V(share)(float lse, float top) { return lse == -INFINITY ? 0 : expf(lse - top); }

static void V(merge_rows)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const merge_job *j = context;
  const apus_attention *s = j->spec;
  int64_t rows = s->sequences * s->query_length, row1 = (chunk + 1) * ROWS_PER_CHUNK;
  for (int64_t r = chunk * ROWS_PER_CHUNK; r < row1 && r < rows; r++)
    for (int64_t h = 0; h < s->heads; h++) {
      int64_t at = (r / s->query_length * s->heads + h) * s->query_length + r % s->query_length;
      int64_t column = r * s->out_stride + h * s->value_dim;
      float top = -INFINITY, total = 0;
      for (int64_t p = 0; p < j->parts; p++) top = j->lses[p][at] > top ? j->lses[p][at] : top;
      // Of a part without keys nothing comes; a NaN stays one.
      for (int64_t p = 0; p < j->parts; p++) total += V(share)(j->lses[p][at], top);
      for (int64_t d = 0; d < s->value_dim; d += 16) {
        vf sum = {0};
        for (int64_t p = 0; p < j->parts && total != 0; p++)
          sum += V(load_up_to)(j->outs[p], column + d, s->value_dim - d, s->dtype) *
                 (V(share)(j->lses[p][at], top) / total);
        V(store_up_to)(j->out, column + d, s->value_dim - d, sum, s->dtype);
      }
      j->lse[at] = total == 0 ? -INFINITY : top + logf(total);
    }
}
#endif
