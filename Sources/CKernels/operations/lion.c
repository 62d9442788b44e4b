#ifndef APUS_BODY
#define SOURCE_FILE "../operations/lion.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  float *weight, *m;
  const float *gradient;
  apus_lion_scalars s;
} lion_job;
enum { lion_chunk = 16384 };
#include "for_each_variant.h"

void apus_lion(int64_t count, float *weight, const float *gradient, float *m, apus_lion_scalars scalars) {
  lion_job job = {count, weight, m, gradient, scalars};
  apus_parallel((count + lion_chunk - 1) / lion_chunk, CHOOSE(lion_task), &job);
}
void apus_lion_reference(int64_t count, float *weight, const float *gradient, float *m, apus_lion_scalars s) {
  for (int64_t i = 0; i < count; i++) {
    double g = (double)gradient[i] * s.gradient_scale;
    double c = s.beta1 * (double)m[i] + (1 - (double)s.beta1) * g;
    double sign = c > 0 ? 1 : c < 0 ? -1 : 0;
    weight[i] = (float)(weight[i] * (1 - (double)s.learning_rate * s.weight_decay) - s.learning_rate * sign);
    m[i] = (float)(s.beta2 * (double)m[i] + (1 - (double)s.beta2) * g);
  }
}

#else

static void V(lion_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const lion_job *j = context;
  const apus_lion_scalars s = j->s;
  float keep = 1 - s.learning_rate * s.weight_decay;
  vf up = vsplat(s.learning_rate), down = vsplat(-s.learning_rate), none = vsplat(0);
  int64_t end = (chunk + 1) * lion_chunk < j->count ? (chunk + 1) * lion_chunk : j->count;
  for (int64_t i = chunk * lion_chunk; i < end; i += 16) {
    int64_t n = end - i;
    vf g = V(stream_up_to)(j->gradient, i, n, APUS_F32) * s.gradient_scale;
    vf m = V(stream_up_to)(j->m, i, n, APUS_F32), w = V(stream_up_to)(j->weight, i, n, APUS_F32);
    vf c = m * s.beta1 + g * (1 - s.beta1);
    w = w * keep - vselect(c > 0, up, vselect(c < 0, down, none));
    m = m * s.beta2 + g * (1 - s.beta2);
    V(store_up_to)(j->m, i, n, m, APUS_F32);
    V(store_up_to)(j->weight, i, n, w, APUS_F32);
  }
}
#endif
