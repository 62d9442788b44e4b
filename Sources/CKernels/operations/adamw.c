#ifndef APUS_BODY
#define SOURCE_FILE "../operations/adamw.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  float *weight, *m, *v;
  const float *gradient;
  apus_adamw_scalars s;
} adamw_job;
enum { adamw_chunk = 16384 };
#include "for_each_variant.h"

void apus_adamw(int64_t count, float *weight, const float *gradient, float *m, float *v, apus_adamw_scalars scalars) {
  adamw_job job = {count, weight, m, v, gradient, scalars};
  apus_parallel((count + adamw_chunk - 1) / adamw_chunk, CHOOSE(adamw_task), &job);
}
void apus_adamw_reference(int64_t count, float *weight, const float *gradient, float *m, float *v,
                          apus_adamw_scalars s) {
  for (int64_t i = 0; i < count; i++) {
    double g = (double)gradient[i] * s.gradient_scale;
    double new_m = s.beta1 * (double)m[i] + (1 - (double)s.beta1) * g;
    double new_v = s.beta2 * (double)v[i] + (1 - (double)s.beta2) * g * g;
    double w = weight[i] * (1 - (double)s.learning_rate * s.weight_decay);
    m[i] = (float)new_m;
    v[i] = (float)new_v;
    weight[i] = (float)(w - s.learning_rate / s.correction1 * new_m / (sqrt(new_v / s.correction2) + s.epsilon));
  }
}

#else

static void V(adamw_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const adamw_job *j = context;
  const apus_adamw_scalars s = j->s;
  float keep = 1 - s.learning_rate * s.weight_decay, rate = s.learning_rate / s.correction1;
  float root = 1 / sqrtf(s.correction2);
  int64_t end = (chunk + 1) * adamw_chunk < j->count ? (chunk + 1) * adamw_chunk : j->count;
  for (int64_t i = chunk * adamw_chunk; i < end; i += 16) {
    int64_t n = end - i;
#define LOAD(p) V(stream_up_to)(p, i, n, APUS_F32)
#define STORE(p, x) V(store_up_to)(p, i, n, x, APUS_F32)
    vf g = LOAD(j->gradient) * s.gradient_scale, m = LOAD(j->m), v = LOAD(j->v), w = LOAD(j->weight);
    m = m + (g - m) * (1 - s.beta1);
    v = v * s.beta2 + g * g * (1 - s.beta2);
    w = w * keep - rate * m / (V(square_root)(v) * root + s.epsilon);
    STORE(j->m, m);
    STORE(j->v, v);
    STORE(j->weight, w);
#undef LOAD
#undef STORE
  }
}
#endif
