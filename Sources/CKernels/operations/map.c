// A function of every number, with a bias for each column.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/map.c"
#include "apus_pointwise.h"
#include "row_sums.h"
typedef struct {
  apus_function function;
  int64_t rows, columns;
  const void *x, *d_out;
  apus_dtype x_dtype, out_dtype;
  const float *bias;
  float factor;
  void *out;
  float *partial;
} map_job;
#include "for_each_variant.h"

void apus_map(apus_function function, int64_t rows, int64_t columns, const void *x, apus_dtype x_dtype, const float *bias,
              float factor, void *out, apus_dtype out_dtype) {
  map_job job = {function, rows, columns, x, NULL, x_dtype, out_dtype, bias, factor, out, NULL};
  apus_parallel(apus_row_chunks(rows), CHOOSE(map_forward), &job);
}
void apus_map_backward(apus_function function, int64_t rows, int64_t columns, const void *x, apus_dtype x_dtype,
                       const float *bias, float factor, const void *d_out, apus_dtype out_dtype, void *d_x,
                       float *d_bias) {
  int64_t chunks = apus_row_chunks(rows);
  float *partial = d_bias ? apus_workspace(5, (size_t)(chunks * columns) * 4) : NULL;
  map_job job = {function, rows, columns, x, d_out, x_dtype, out_dtype, bias, factor, d_x, partial};
  apus_parallel(chunks, CHOOSE(map_backward), &job);
  if (d_bias) apus_add_partial_rows(partial, chunks, columns, d_bias);
}
static double exact(apus_function f, double x) {
  switch (f) {
  case APUS_SIGMOID: return 1 / (1 + exp(-x));
  case APUS_SILU: return x / (1 + exp(-x));
  case APUS_LOG_SIGMOID: return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
  case APUS_SOFTPLUS: return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
  case APUS_EXP: return exp(x);
  case APUS_TANH: return tanh(x);
  case APUS_RELU: return x > 0 ? x : 0;
  case APUS_LOG_ONE_MINUS: return log(1 - x > 1e-6 ? 1 - x : 1e-6);
  default: return x;
  }
}
void apus_map_reference(apus_function function, int64_t rows, int64_t columns, const void *x, apus_dtype x_dtype,
                        const float *bias, float factor, void *out, apus_dtype out_dtype) {
  for (int64_t i = 0; i < rows * columns; i++) {
    double v = x_dtype == APUS_F32 ? ((const float *)x)[i] : bf16_to_float(((const uint16_t *)x)[i]);
    v = factor * exact(function, v + (bias ? bias[i % columns] : 0));
    if (out_dtype == APUS_F32) ((float *)out)[i] = (float)v;
    else ((uint16_t *)out)[i] = float_to_bf16((float)v);
  }
}

#else
#include "functions_body.h"

INLINE void V(map_rows)(const map_job *j, int64_t chunk, const apus_function f, const bool backward) {
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  float *partial = j->partial ? j->partial + chunk * j->columns : NULL;
  if (partial) memset(partial, 0, (size_t)j->columns * 4);
  for (int64_t r = row0; r < row1; r++)
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c, at = r * j->columns + c;
      vf x = V(load_up_to)(j->x, at, left, j->x_dtype);
      if (j->bias) x += V(load_up_to)(j->bias, c, left, APUS_F32);
      if (!backward) {
        V(store_up_to)(j->out, at, left, V(function)(x, f) * j->factor, j->out_dtype);
        continue;
      }
      vf d = V(slope)(x, f) * j->factor * V(load_up_to)(j->d_out, at, left, j->out_dtype);
      V(store_up_to)(j->out, at, left, d, j->x_dtype);
      if (partial) V(store_up_to)(partial, c, left, V(load_up_to)(partial, c, left, APUS_F32) + d, APUS_F32);
    }
}
static void V(map_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const map_job *j = context;
  EACH_FUNCTION(j->function, V(map_rows)(j, chunk, f, false))
}
static void V(map_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const map_job *j = context;
  EACH_FUNCTION(j->function, V(map_rows)(j, chunk, f, true))
}
#undef EACH_FUNCTION
#endif
