#ifndef APUS_BODY
#define SOURCE_FILE "../operations/swiglu.c"
#include "apus_activation.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, width;
  const void *gate_up, *d_out;
  void *out;
  apus_dtype dtype;
} swiglu_job;
#include "for_each_variant.h"

void apus_swiglu(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype) {
  swiglu_job job = {rows, width, gate_up, NULL, out, dtype};
  apus_parallel((rows + 15) / 16, CHOOSE(swiglu_forward), &job);
}
void apus_swiglu_backward(int64_t rows, int64_t width, const void *gate_up, const void *d_out, void *d_gate_up,
                          apus_dtype dtype) {
  swiglu_job job = {rows, width, gate_up, d_out, d_gate_up, dtype};
  apus_parallel((rows + 15) / 16, CHOOSE(swiglu_backward), &job);
}
void apus_swiglu_reference(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < width; c++) {
      int64_t at = r * 2 * width + c;
      double g = dtype == APUS_F32 ? ((const float *)gate_up)[at] : bf16_to_float(((const uint16_t *)gate_up)[at]);
      double u = dtype == APUS_F32 ? ((const float *)gate_up)[at + width]
                                   : bf16_to_float(((const uint16_t *)gate_up)[at + width]);
      double v = g / (1 + exp(-g)) * u;
      if (dtype == APUS_F32) ((float *)out)[r * width + c] = (float)v;
      else ((uint16_t *)out)[r * width + c] = float_to_bf16((float)v);
    }
}

#else

#define LOAD(p, i) V(stream_up_to)(p, i, n, type)
#define STORE(p, i, v) V(store_up_to)(p, i, n, v, type)

INLINE void V(swiglu_rows)(const swiglu_job *j, int64_t row0, int64_t row1, const bool backward,
                           const apus_dtype type) {
  for (int64_t r = row0; r < row1; r++)
    for (int64_t c = 0; c < j->width; c += 16) {
      int64_t n = j->width - c;
      int64_t at = r * 2 * j->width + c, to = r * j->width + c;
      vf g = LOAD(j->gate_up, at), u = LOAD(j->gate_up, at + j->width);
      // Of the magnitude, so that nothing overflows: sigmoid(-|g|) = e / (1 + e), sigmoid(|g|) = 1 / (1 + e).
      vi negative = (vi)(g < vsplat(0));
      vf below = vselect(negative, g, -g), e = type == APUS_F32 ? V(exp)(below) : V(exp_coarse)(below);
      vf sigmoid = vselect(negative, e, vsplat(1)) / (1.0f + e);
      if (backward) {
        vf d = LOAD(j->d_out, to);
        vf dg = d * u * sigmoid * (1.0f + g * (1.0f - sigmoid)), du = d * g * sigmoid;
        STORE(j->out, at, dg);
        STORE(j->out, at + j->width, du);
      } else {
        vf v = g * sigmoid * u;
        STORE(j->out, to, v);
      }
    }
}
static void V(swiglu_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const swiglu_job *j = context;
  int64_t row0 = chunk * 16, row1 = row0 + 16 < j->rows ? row0 + 16 : j->rows;
  if (j->dtype == APUS_F32) V(swiglu_rows)(j, row0, row1, false, APUS_F32);
  else V(swiglu_rows)(j, row0, row1, false, APUS_BF16);
}
static void V(swiglu_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const swiglu_job *j = context;
  int64_t row0 = chunk * 16, row1 = row0 + 16 < j->rows ? row0 + 16 : j->rows;
  if (j->dtype == APUS_F32) V(swiglu_rows)(j, row0, row1, true, APUS_F32);
  else V(swiglu_rows)(j, row0, row1, true, APUS_BF16);
}
#undef LOAD
#undef STORE
#endif
