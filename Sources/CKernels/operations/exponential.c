#ifndef APUS_BODY
#define SOURCE_FILE "../operations/exponential.c"
#include "apus_elementwise.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const float *x;
  float *out;
  apus_dtype compute;
} exponential_job;
enum { exponential_chunk = 4096 };
#include "for_each_variant.h"

void apus_exponential(int64_t count, const float *x, float *out, apus_dtype compute) {
  exponential_job job = {count, x, out, compute};
  apus_parallel((count + exponential_chunk - 1) / exponential_chunk, CHOOSE(exponential_task), &job);
}

#else

INLINE void V(exponentials)(const exponential_job *j, int64_t first, int64_t end, const bool half) {
  for (int64_t i = first; i < end; i += 16) {
    vf x = V(load_up_to)(j->x, i, end - i, APUS_F32), y = half ? V(exp_coarse)(x) : V(exp)(x);
    V(store_up_to)(j->out, i, end - i, y, APUS_F32);
  }
}
static void V(exponential_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const exponential_job *j = context;
  int64_t first = chunk * exponential_chunk, end = first + exponential_chunk < j->count ? first + exponential_chunk : j->count;
  if (j->compute == APUS_F32) V(exponentials)(j, first, end, false);
  else V(exponentials)(j, first, end, true);
}
#endif
