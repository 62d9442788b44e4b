#ifndef APUS_BODY
#define SOURCE_FILE "../operations/elementwise.c"
#include "apus_elementwise.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const void *a, *b;
  void *out;
  apus_dtype from, to;
} elementwise_job;
enum { elementwise_chunk = 16384 };
// Conversions are exact for every number.
#define NARROW_EXACTLY
#include "for_each_variant.h"

void apus_add(int64_t count, const void *a, const void *b, void *out, apus_dtype dtype) {
  elementwise_job job = {count, a, b, out, dtype, dtype};
  apus_parallel((count + elementwise_chunk - 1) / elementwise_chunk, CHOOSE(elementwise_task), &job);
}
void apus_convert(int64_t count, const void *x, apus_dtype from, void *out, apus_dtype to) {
  elementwise_job job = {count, x, NULL, out, from, to};
  apus_parallel((count + elementwise_chunk - 1) / elementwise_chunk, CHOOSE(elementwise_task), &job);
}

#else

static void V(elementwise_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const elementwise_job *j = context;
  int64_t end = (chunk + 1) * elementwise_chunk < j->count ? (chunk + 1) * elementwise_chunk : j->count;
  for (int64_t i = chunk * elementwise_chunk; i < end; i += 16) {
    int n = end - i < 16 ? (int)(end - i) : 16;
    vf x = V(load_up_to)(j->a, i, n, j->from);
    if (j->b) x += V(load_up_to)(j->b, i, n, j->from);
    V(store_up_to)(j->out, i, n, x, j->to);
  }
}
#endif
