#ifndef APUS_BODY
#define SOURCE_FILE "../operations/gelu.c"
#include "apus_activation.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const void *x, *d_out;
  void *out;
  apus_dtype dtype;
} gelu_job;
enum { gelu_chunk = 8192 };
#include "for_each_variant.h"

void apus_gelu(int64_t count, const void *x, void *out, apus_dtype dtype) {
  gelu_job job = {count, x, NULL, out, dtype};
  apus_parallel((count + gelu_chunk - 1) / gelu_chunk, CHOOSE(gelu_task), &job);
}
void apus_gelu_backward(int64_t count, const void *x, const void *d_out, void *d_x, apus_dtype dtype) {
  gelu_job job = {count, x, d_out, d_x, dtype};
  apus_parallel((count + gelu_chunk - 1) / gelu_chunk, CHOOSE(gelu_task), &job);
}
void apus_gelu_reference(int64_t count, const void *x, void *out, apus_dtype dtype) {
  for (int64_t i = 0; i < count; i++) {
    double v = dtype == APUS_F32 ? ((const float *)x)[i] : bf16_to_float(((const uint16_t *)x)[i]);
    double y = 0.5 * v * (1 + tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
    if (dtype == APUS_F32) ((float *)out)[i] = (float)y;
    else ((uint16_t *)out)[i] = float_to_bf16((float)y);
  }
}

#else

static void V(gelu_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const gelu_job *j = context;
  int64_t end = (chunk + 1) * gelu_chunk < j->count ? (chunk + 1) * gelu_chunk : j->count;
  for (int64_t i = chunk * gelu_chunk; i < end; i += 16) {
    int n = end - i < 16 ? (int)(end - i) : 16;
    vf x = V(load_up_to)(j->x, i, n, j->dtype);
    // tanh(z) = 1 - 2 / (1 + e^2z)
    vf z = 0.7978845608028654f * (x + 0.044715f * x * x * x), t = 1.0f - 2.0f / (1.0f + V(exp)(2.0f * z));
    vf y;
    if (j->d_out) {
      vf d = V(load_up_to)(j->d_out, i, n, j->dtype);
      vf slope = 0.7978845608028654f * (1.0f + 3 * 0.044715f * x * x);
      y = d * (0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * slope);
    } else {
      y = 0.5f * x * (1.0f + t);
    }
    V(store_up_to)(j->out, i, n, y, j->dtype);
  }
}
#endif
