#ifndef APUS_BODY
#define SOURCE_FILE "../operations/momentum.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const float *gradient;
  float *momentum, *update;
  float decay, gradient_scale;
  bool nesterov;
} momentum_job;
enum { momentum_chunk = 16384 };
#include "for_each_variant.h"

void apus_momentum(int64_t count, const float *gradient, float *momentum, float *update, float decay,
                   float gradient_scale, bool nesterov) {
  momentum_job job = {count, gradient, momentum, update, decay, gradient_scale, nesterov};
  apus_parallel((count + momentum_chunk - 1) / momentum_chunk, CHOOSE(momentum_task), &job);
}
void apus_momentum_reference(int64_t count, const float *gradient, float *momentum, float *update, float decay,
                             float gradient_scale, bool nesterov) {
  for (int64_t i = 0; i < count; i++) {
    double g = (double)gradient[i] * gradient_scale;
    double m = decay * (double)momentum[i] + (1 - (double)decay) * g;
    momentum[i] = (float)m;
    update[i] = (float)(nesterov ? decay * m + (1 - (double)decay) * g : m);
  }
}

#else

static void V(momentum_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const momentum_job *j = context;
  int64_t end = (chunk + 1) * momentum_chunk < j->count ? (chunk + 1) * momentum_chunk : j->count;
  for (int64_t i = chunk * momentum_chunk; i < end; i += 16) {
    int64_t n = end - i;
    vf g = V(stream_up_to)(j->gradient, i, n, APUS_F32) * j->gradient_scale;
    vf m = V(stream_up_to)(j->momentum, i, n, APUS_F32);
    m = m * j->decay + g * (1 - j->decay);
    V(store_up_to)(j->momentum, i, n, m, APUS_F32);
    V(store_up_to)(j->update, i, n, j->nesterov ? m * j->decay + g * (1 - j->decay) : m, APUS_F32);
  }
}
#endif
