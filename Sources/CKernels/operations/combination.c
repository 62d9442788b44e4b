#ifndef APUS_BODY
#define SOURCE_FILE "../operations/combination.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const float *x, *y;
  float *out, a, b;
} combination_job;
enum { combination_chunk = 16384 };
#include "for_each_variant.h"

void apus_combination(int64_t count, float a, const float *x, float b, const float *y, float *out) {
  combination_job job = {count, x, y, out, a, b};
  apus_parallel((count + combination_chunk - 1) / combination_chunk, CHOOSE(combination_task), &job);
}
void apus_combination_reference(int64_t count, float a, const float *x, float b, const float *y, float *out) {
  for (int64_t i = 0; i < count; i++) out[i] = (float)(a * (double)x[i] + (y ? b * (double)y[i] : 0));
}

#else

static void V(combination_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const combination_job *j = context;
  int64_t end = (chunk + 1) * combination_chunk < j->count ? (chunk + 1) * combination_chunk : j->count;
  for (int64_t i = chunk * combination_chunk; i < end; i += 16) {
    int64_t n = end - i;
    vf x = V(stream_up_to)(j->x, i, n, APUS_F32) * j->a;
    if (j->y) x += V(stream_up_to)(j->y, i, n, APUS_F32) * j->b;
    V(store_up_to)(j->out, i, n, x, APUS_F32);
  }
}
#endif
