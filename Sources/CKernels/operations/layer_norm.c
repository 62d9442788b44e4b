#ifndef APUS_BODY
#define SOURCE_FILE "../operations/layer_norm.c"
#include "apus_norm.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, columns;
  const void *x, *d_out;
  const float *weight, *bias, *statistics;
  float epsilon;
  void *out;
  float *statistics_out, *partial;
  apus_dtype dtype;
} layer_norm_job;
#include "for_each_variant.h"

void apus_layer_norm(int64_t rows, int64_t columns, const void *x, const float *weight, const float *bias,
                     float epsilon, void *out, float *statistics, apus_dtype dtype) {
  layer_norm_job job = {rows, columns, x, NULL, weight, bias, NULL, epsilon, out, statistics, NULL, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(layer_norm_forward), &job);
}
void apus_layer_norm_backward(int64_t rows, int64_t columns, const void *x, const float *weight,
                              const float *statistics, const void *d_out, void *d_x, float *d_weight, float *d_bias,
                              apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  // Weight and bias gradients side by side in each partial row.
  float *partial = apus_workspace(5, (size_t)((chunks + 1) * columns * 2) * 4), *total = partial + chunks * columns * 2;
  layer_norm_job job = {rows, columns, x, d_out, weight, NULL, statistics, 0, d_x, NULL, partial, dtype};
  apus_parallel(chunks, CHOOSE(layer_norm_backward), &job);
  memset(total, 0, (size_t)columns * 8);
  apus_add_partial_rows(partial, chunks, columns * 2, total);
  for (int64_t c = 0; c < columns; c++) {
    if (d_weight) d_weight[c] += total[c];
    if (d_bias) d_bias[c] += total[columns + c];
  }
}
void apus_layer_norm_reference(int64_t rows, int64_t columns, const void *x, const float *weight, const float *bias,
                               float epsilon, void *out, float *statistics, apus_dtype dtype) {
  for (int64_t r = 0; r < rows; r++) {
    double sum = 0, squares = 0;
#define GET(i) (dtype == APUS_F32 ? ((const float *)x)[i] : bf16_to_float(((const uint16_t *)x)[i]))
    for (int64_t c = 0; c < columns; c++) sum += GET(r * columns + c);
    double mean = sum / (double)columns;
    for (int64_t c = 0; c < columns; c++) squares += (GET(r * columns + c) - mean) * (GET(r * columns + c) - mean);
    double rstd = 1 / sqrt(squares / (double)columns + epsilon);
    statistics[2 * r] = (float)mean;
    statistics[2 * r + 1] = (float)rstd;
    for (int64_t c = 0; c < columns; c++) {
      double v = (GET(r * columns + c) - mean) * rstd * weight[c] + bias[c];
      if (dtype == APUS_F32) ((float *)out)[r * columns + c] = (float)v;
      else ((uint16_t *)out)[r * columns + c] = float_to_bf16((float)v);
    }
  }
}

#else

#define LOAD(p, i) V(load_up_to)(p, i, left, j->dtype)
#define STORE(p, i, v) V(store_up_to)(p, i, left, v, j->dtype)
#define FLOATS(p, c) V(load_up_to)(p, c, left, APUS_F32)
#define ADD(p, c, v) V(store_up_to)(p, c, left, FLOATS(p, c) + (v), APUS_F32)

static void V(layer_norm_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const layer_norm_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  for (int64_t r = row0; r < row1; r++) {
    int64_t at = r * j->columns;
    vf sum = {0}, squares = {0};
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      sum += LOAD(j->x, at + c);
    }
    float mean = V(sum)(sum) / (float)j->columns;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = LOAD(j->x, at + c) - mean;
      if (left < 16)
        for (int i = (int)left; i < 16; i++) v[i] = 0;
      squares += v * v;
    }
    float rstd = 1 / sqrtf(V(sum)(squares) / (float)j->columns + j->epsilon);
    j->statistics_out[2 * r] = mean;
    j->statistics_out[2 * r + 1] = rstd;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = (LOAD(j->x, at + c) - mean) * rstd * FLOATS(j->weight, c) + FLOATS(j->bias, c);
      STORE(j->out, at + c, v);
    }
  }
}
// With n = (x - mean) * rstd and g = d_out * weight: d_x = rstd * (g - mean(g) - n * mean(g * n)).
static void V(layer_norm_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const layer_norm_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  float *weights = j->partial + chunk * j->columns * 2, *biases = weights + j->columns;
  memset(weights, 0, (size_t)j->columns * 8);
  for (int64_t r = row0; r < row1; r++) {
    int64_t at = r * j->columns;
    float mean = j->statistics[2 * r], rstd = j->statistics[2 * r + 1];
    vf plain = {0}, dot = {0};
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf n = (LOAD(j->x, at + c) - mean) * rstd, d = LOAD(j->d_out, at + c), g = d * FLOATS(j->weight, c);
      ADD(weights, c, d * n);
      ADD(biases, c, d);
      plain += g;
      dot += g * n;
    }
    float mean_g = V(sum)(plain) / (float)j->columns, mean_gn = V(sum)(dot) / (float)j->columns;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf n = (LOAD(j->x, at + c) - mean) * rstd, g = LOAD(j->d_out, at + c) * FLOATS(j->weight, c);
      vf d = (g - mean_g - n * mean_gn) * rstd;
      STORE(j->out, at + c, d);
    }
  }
}
#undef LOAD
#undef STORE
#undef FLOATS
#undef ADD
#endif
