// Products with a function of a gate.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/gate.c"
#include "apus_pointwise.h"
#include "apus_pool.h"
typedef struct {
  apus_function function;
  int64_t count;
  const void *x, *gate, *d_out;
  void *out, *d_gate;
  apus_dtype dtype;
} gate_job;
enum { gate_chunk = 8192 };
#include "for_each_variant.h"

void apus_gate(apus_function function, int64_t count, const void *x, const void *gate, void *out, apus_dtype dtype) {
  gate_job job = {function, count, x, gate, NULL, out, NULL, dtype};
  apus_parallel((count + gate_chunk - 1) / gate_chunk, CHOOSE(gate_forward), &job);
}
void apus_gate_backward(apus_function function, int64_t count, const void *x, const void *gate, const void *d_out,
                        void *d_x, void *d_gate, apus_dtype dtype) {
  gate_job job = {function, count, x, gate, d_out, d_x, d_gate, dtype};
  apus_parallel((count + gate_chunk - 1) / gate_chunk, CHOOSE(gate_backward), &job);
}

#else
#include "functions_body.h"

INLINE void V(gate_part)(const gate_job *j, int64_t chunk, const apus_function f, const bool backward) {
  int64_t first = chunk * gate_chunk, end = first + gate_chunk < j->count ? first + gate_chunk : j->count;
  for (int64_t i = first; i < end; i += 16) {
    int64_t left = end - i;
    vf x = V(load_up_to)(j->x, i, left, j->dtype), g = V(load_up_to)(j->gate, i, left, j->dtype);
    if (backward) {
      vf d = V(load_up_to)(j->d_out, i, left, j->dtype), slope = V(slope)(g, f), value = V(function)(g, f);
      V(store_up_to)(j->out, i, left, d * value, j->dtype);
      V(store_up_to)(j->d_gate, i, left, d * x * slope, j->dtype);
    } else {
      V(store_up_to)(j->out, i, left, x * V(function)(g, f), j->dtype);
    }
  }
}
static void V(gate_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const gate_job *j = context;
  EACH_FUNCTION(j->function, V(gate_part)(j, chunk, f, false))
}
static void V(gate_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const gate_job *j = context;
  EACH_FUNCTION(j->function, V(gate_part)(j, chunk, f, true))
}
#undef EACH_FUNCTION
#endif
