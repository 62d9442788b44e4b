#ifndef APUS_BODY
#define SOURCE_FILE "../operations/precondition.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const float *gradient, *first;
  float *v, *out, beta2, correction1, correction2, epsilon;
} precondition_job;
enum { precondition_chunk = 16384 };
#include "for_each_variant.h"

void apus_precondition(int64_t count, const float *gradient, const float *first, float *v, float *out, float beta2,
                       float correction1, float correction2, float epsilon) {
  precondition_job job = {count, gradient, first, v, out, beta2, correction1, correction2, epsilon};
  apus_parallel((count + precondition_chunk - 1) / precondition_chunk, CHOOSE(precondition_task), &job);
}
void apus_precondition_reference(int64_t count, const float *gradient, const float *first, float *v, float *out,
                                 float beta2, float correction1, float correction2, float epsilon) {
  for (int64_t i = 0; i < count; i++) {
    double g = gradient[i], new_v = beta2 * (double)v[i] + (1 - (double)beta2) * g * g;
    v[i] = (float)new_v;
    out[i] = (float)(first[i] / (double)correction1 / (sqrt(new_v / correction2) + epsilon));
  }
}

#else

static void V(precondition_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const precondition_job *j = context;
  float root = 1 / sqrtf(j->correction2), whole = 1 / j->correction1;
  int64_t end = (chunk + 1) * precondition_chunk < j->count ? (chunk + 1) * precondition_chunk : j->count;
  for (int64_t i = chunk * precondition_chunk; i < end; i += 16) {
    int64_t n = end - i;
    vf g = V(stream_up_to)(j->gradient, i, n, APUS_F32), v = V(stream_up_to)(j->v, i, n, APUS_F32);
    v = v * j->beta2 + g * g * (1 - j->beta2);
    vf first = V(stream_up_to)(j->first, i, n, APUS_F32);
    V(store_up_to)(j->v, i, n, v, APUS_F32);
    V(store_up_to)(j->out, i, n, first * whole / (V(square_root)(v) * root + j->epsilon), APUS_F32);
  }
}
#endif
