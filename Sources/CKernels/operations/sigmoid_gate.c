#ifndef APUS_BODY
#define SOURCE_FILE "../operations/sigmoid_gate.c"
#include "apus_activation.h"
#include "apus_pool.h"
typedef struct {
  int64_t count;
  const void *x, *gate, *d_out;
  void *out, *d_gate;
  apus_dtype dtype;
} sigmoid_gate_job;
enum { sigmoid_gate_chunk = 8192 };
#include "for_each_variant.h"

void apus_sigmoid_gate(int64_t count, const void *x, const void *gate, void *out, apus_dtype dtype) {
  sigmoid_gate_job job = {count, x, gate, NULL, out, NULL, dtype};
  apus_parallel((count + sigmoid_gate_chunk - 1) / sigmoid_gate_chunk, CHOOSE(sigmoid_gate), &job);
}
void apus_sigmoid_gate_backward(int64_t count, const void *x, const void *gate, const void *d_out, void *d_x,
                                void *d_gate, apus_dtype dtype) {
  sigmoid_gate_job job = {count, x, gate, d_out, d_x, d_gate, dtype};
  apus_parallel((count + sigmoid_gate_chunk - 1) / sigmoid_gate_chunk, CHOOSE(sigmoid_gate), &job);
}
void apus_sigmoid_gate_reference(int64_t count, const void *x, const void *gate, void *out, apus_dtype dtype) {
  for (int64_t i = 0; i < count; i++) {
    double g = dtype == APUS_F32 ? ((const float *)gate)[i] : bf16_to_float(((const uint16_t *)gate)[i]);
    double v = dtype == APUS_F32 ? ((const float *)x)[i] : bf16_to_float(((const uint16_t *)x)[i]);
    double y = v / (1 + exp(-g));
    if (dtype == APUS_F32) ((float *)out)[i] = (float)y;
    else ((uint16_t *)out)[i] = float_to_bf16((float)y);
  }
}

#else

static void V(sigmoid_gate)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const sigmoid_gate_job *j = context;
  int64_t end = (chunk + 1) * sigmoid_gate_chunk < j->count ? (chunk + 1) * sigmoid_gate_chunk : j->count;
  for (int64_t i = chunk * sigmoid_gate_chunk; i < end; i += 16) {
    vf x = V(load_up_to)(j->x, i, end - i, j->dtype), g = V(load_up_to)(j->gate, i, end - i, j->dtype);
    // Of the magnitude, so that nothing overflows.
    vf e = V(exp)(-V(max)(-g, g)), s = vselect(g < vsplat(0), e, vsplat(1)) / (1.0f + e);
    if (j->d_out) {
      vf d = V(load_up_to)(j->d_out, i, end - i, j->dtype);
      V(store_up_to)(j->d_gate, i, end - i, d * x * s * (1.0f - s), j->dtype);
      V(store_up_to)(j->out, i, end - i, d * s, j->dtype);
    } else {
      V(store_up_to)(j->out, i, end - i, x * s, j->dtype);
    }
  }
}
#endif
