#ifndef APUS_BODY
#define SOURCE_FILE "../operations/sum_of_squares.c"
#include "apus_optimizer.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const float *x;
  double *partial;
} squares_job;
enum { squares_chunk = 65536 };
#include "for_each_variant.h"

double apus_sum_of_squares(int64_t count, const float *x) {
  int64_t chunks = (count + squares_chunk - 1) / squares_chunk;
  double *partial = apus_workspace(5, (size_t)chunks * sizeof(double) + 64), total = 0;
  squares_job job = {count, x, partial};
  apus_parallel(chunks, CHOOSE(squares_task), &job);
  for (int64_t c = 0; c < chunks; c++) total += partial[c];
  return total;
}

#else

static void V(squares_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const squares_job *j = context;
  int64_t end = (chunk + 1) * squares_chunk < j->count ? (chunk + 1) * squares_chunk : j->count;
  double total = 0;
  // Floats add up over short runs only; runs add up in double.
  for (int64_t i = chunk * squares_chunk; i < end; i += 1024) {
    int64_t stop = i + 1024 < end ? i + 1024 : end, k = i;
    vf sum = {0};
    for (; k + 16 <= stop; k += 16) {
      vf v = V(load)(j->x, k, APUS_F32);
      sum += v * v;
    }
    if (k < stop) {
      vf v = V(load_some)(j->x, k, (int)(stop - k), APUS_F32);
      sum += v * v;
    }
    total += V(sum)(sum);
  }
  j->partial[chunk] = total;
}
#endif
