#ifndef APUS_BODY
#define SOURCE_FILE "../operations/ademamix.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  float *weight, *fast, *slow, *v;
  const float *gradient;
  apus_ademamix_scalars s;
} ademamix_job;
enum { ademamix_chunk = 16384 };
#include "for_each_variant.h"

void apus_ademamix(int64_t count, float *weight, const float *gradient, float *fast, float *slow, float *v,
                   apus_ademamix_scalars scalars) {
  ademamix_job job = {count, weight, fast, slow, v, gradient, scalars};
  apus_parallel((count + ademamix_chunk - 1) / ademamix_chunk, CHOOSE(ademamix_task), &job);
}
void apus_ademamix_reference(int64_t count, float *weight, const float *gradient, float *fast, float *slow, float *v,
                             apus_ademamix_scalars s) {
  for (int64_t i = 0; i < count; i++) {
    double g = (double)gradient[i] * s.gradient_scale;
    double new_fast = s.beta1 * (double)fast[i] + (1 - (double)s.beta1) * g;
    double new_slow = (double)slow[i] + (double)s.slow_rate * (g - (double)slow[i]);
    double new_v = s.beta2 * (double)v[i] + (1 - (double)s.beta2) * g * g;
    double step = (new_fast / s.correction1 + s.alpha * new_slow) / (sqrt(new_v / s.correction2) + s.epsilon);
    weight[i] = (float)(weight[i] * (1 - (double)s.learning_rate * s.weight_decay) - s.learning_rate * step);
    fast[i] = (float)new_fast;
    slow[i] = (float)new_slow;
    v[i] = (float)new_v;
  }
}

#else

static void V(ademamix_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const ademamix_job *j = context;
  const apus_ademamix_scalars s = j->s;
  float keep = 1 - s.learning_rate * s.weight_decay, root = 1 / sqrtf(s.correction2), whole = 1 / s.correction1;
  int64_t end = (chunk + 1) * ademamix_chunk < j->count ? (chunk + 1) * ademamix_chunk : j->count;
  for (int64_t i = chunk * ademamix_chunk; i < end; i += 16) {
    int64_t n = end - i;
#define LOAD(p) V(stream_up_to)(p, i, n, APUS_F32)
#define STORE(p, x) V(store_up_to)(p, i, n, x, APUS_F32)
    vf g = LOAD(j->gradient) * s.gradient_scale, fast = LOAD(j->fast), slow = LOAD(j->slow), v = LOAD(j->v);
    vf w = LOAD(j->weight);
    fast = fast + (g - fast) * (1 - s.beta1);
    slow = slow + (g - slow) * s.slow_rate;
    v = v * s.beta2 + g * g * (1 - s.beta2);
    w = w * keep - s.learning_rate * (fast * whole + slow * s.alpha) / (V(square_root)(v) * root + s.epsilon);
    STORE(j->fast, fast);
    STORE(j->slow, slow);
    STORE(j->v, v);
    STORE(j->weight, w);
#undef LOAD
#undef STORE
  }
}
#endif
