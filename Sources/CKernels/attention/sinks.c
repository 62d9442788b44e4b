// The gradient of attention's sinks: a sink takes from what a query gives as much as its probability says. One task is one
// head, so its sum has one order.
#ifndef APUS_BODY
#define SOURCE_FILE "../attention/sinks.c"
#include "apus_attention.h"
#include "apus_pool.h"
typedef struct {
  const apus_attention *spec;
  const void *out, *d_out;
  const float *lse;
  float *d_sinks;
} sink_job;
#include "for_each_variant.h"

void apus_attention_sink_gradient(const apus_attention *s, const void *out, const float *lse, const void *d_out,
                                  float *d_sinks) {
  sink_job job = {s, out, d_out, lse, d_sinks};
  apus_parallel(s->heads, CHOOSE(sink_task), &job);
}

#else

static void V(sink_task)(void *context, int64_t head, int worker) {
  (void)worker;
  const sink_job *j = context;
  const apus_attention *s = j->spec;
  double gradient = 0;
  for (int64_t n = 0; n < s->sequences; n++)
    for (int64_t i = 0; i < s->query_length; i++) {
      int64_t at = (n * s->query_length + i) * s->out_stride + head * s->value_dim;
      vf sum = {0};
      for (int64_t d = 0; d < s->value_dim; d += 16)
        sum += V(load_up_to)(j->out, at + d, s->value_dim - d, s->dtype) *
               V(load_up_to)(j->d_out, at + d, s->value_dim - d, s->dtype);
      gradient -= expf(s->sinks[head] - j->lse[(n * s->heads + head) * s->query_length + i]) * V(sum)(sum);
    }
  j->d_sinks[head] += (float)gradient;
}
#endif
