#ifndef APUS_BODY
#define SOURCE_FILE "../operations/geglu.c"
#include "apus_activation.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, width;
  const void *gate_up, *d_out;
  void *out;
  apus_dtype dtype;
} geglu_job;
#include "for_each_variant.h"

void apus_geglu(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype) {
  geglu_job job = {rows, width, gate_up, NULL, out, dtype};
  apus_parallel((rows + 15) / 16, CHOOSE(geglu_forward), &job);
}
void apus_geglu_backward(int64_t rows, int64_t width, const void *gate_up, const void *d_out, void *d_gate_up,
                         apus_dtype dtype) {
  geglu_job job = {rows, width, gate_up, d_out, d_gate_up, dtype};
  apus_parallel((rows + 15) / 16, CHOOSE(geglu_backward), &job);
}
void apus_geglu_reference(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype) {
#define GET(i) (dtype == APUS_F32 ? ((const float *)gate_up)[i] : bf16_to_float(((const uint16_t *)gate_up)[i]))
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < width; c++) {
      int64_t at = r * 2 * width + c;
      double g = GET(at), u = GET(at + width);
      double v = 0.5 * g * (1 + tanh(0.7978845608028654 * (g + 0.044715 * g * g * g))) * u;
      if (dtype == APUS_F32) ((float *)out)[r * width + c] = (float)v;
      else ((uint16_t *)out)[r * width + c] = float_to_bf16((float)v);
    }
#undef GET
}

#else

#define LOAD(p, i) V(stream_up_to)(p, i, n, type)
#define STORE(p, i, v) V(store_up_to)(p, i, n, v, type)

INLINE void V(geglu_rows)(const geglu_job *j, int64_t row0, int64_t row1, const bool backward, const apus_dtype type) {
  for (int64_t r = row0; r < row1; r++)
    for (int64_t c = 0; c < j->width; c += 16) {
      int64_t n = j->width - c;
      int64_t at = r * 2 * j->width + c, to = r * j->width + c;
      vf g = LOAD(j->gate_up, at), u = LOAD(j->gate_up, at + j->width);
      // (1 + tanh(z / 2)) / 2 = sigmoid(z), taken of the magnitude as in SwiGLU.
      vf z = 1.5957691216057308f * g * (1.0f + 0.044715f * g * g);
      vi negative = (vi)(z < vsplat(0));
      vf below = vselect(negative, z, -z), e = type == APUS_F32 ? V(exp)(below) : V(exp_coarse)(below);
      vf total = 1.0f + e, sigmoid = vselect(negative, e, vsplat(1)) / total;
      if (backward) {
        vf d = LOAD(j->d_out, to);
        // Far out the slope is a huge number times 0: there e is 0 exactly, and g is left out.
        vf inside = vselect(e == vsplat(0), vsplat(0), g);
        vf slope = 1.5957691216057308f * (1.0f + 3 * 0.044715f * inside * inside);
        vf dg = d * u * (sigmoid + inside * slope * (e / (total * total))), du = d * g * sigmoid;
        STORE(j->out, at, dg);
        STORE(j->out, at + j->width, du);
      } else {
        vf v = g * sigmoid * u;
        STORE(j->out, to, v);
      }
    }
}
static void V(geglu_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const geglu_job *j = context;
  int64_t row0 = chunk * 16, row1 = row0 + 16 < j->rows ? row0 + 16 : j->rows;
  if (j->dtype == APUS_F32) V(geglu_rows)(j, row0, row1, false, APUS_F32);
  else V(geglu_rows)(j, row0, row1, false, APUS_BF16);
}
static void V(geglu_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const geglu_job *j = context;
  int64_t row0 = chunk * 16, row1 = row0 + 16 < j->rows ? row0 + 16 : j->rows;
  if (j->dtype == APUS_F32) V(geglu_rows)(j, row0, row1, true, APUS_F32);
  else V(geglu_rows)(j, row0, row1, true, APUS_BF16);
}
#undef LOAD
#undef STORE
#endif
