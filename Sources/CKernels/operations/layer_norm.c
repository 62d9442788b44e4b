#ifndef APUS_BODY
#define SOURCE_FILE "../operations/layer_norm.c"
#include "apus_norm.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, columns;
  const void *x, *delta, *d_out, *d_residual;
  const float *weight, *bias, *statistics;
  float epsilon;
  void *sum, *out;
  float *statistics_out, *partial;
  apus_dtype dtype;
} layer_norm_job;
#include "for_each_variant.h"

void apus_layer_norm(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight,
                     const float *bias, float epsilon, void *sum, void *out, float *statistics, apus_dtype dtype) {
  layer_norm_job job = {rows, columns, x, delta, NULL, NULL, weight, bias, NULL, epsilon, sum, out, statistics, NULL,
                        dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(layer_norm_forward), &job);
}
void apus_layer_norm_backward(int64_t rows, int64_t columns, const void *sum, const float *weight,
                              const float *statistics, const void *d_out, const void *d_residual, void *d_sum,
                              float *d_weight, float *d_bias, apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  // Weight and bias gradients side by side in each partial row.
  float *partial = apus_workspace(5, (size_t)((chunks + 1) * columns * 2) * 4), *total = partial + chunks * columns * 2;
  layer_norm_job job = {rows, columns, sum, NULL, d_out, d_residual, weight, NULL, statistics, 0, NULL, d_sum, NULL, partial,
                        dtype};
  apus_parallel(chunks, CHOOSE(layer_norm_backward), &job);
  memset(total, 0, (size_t)columns * 8);
  apus_add_partial_rows(partial, chunks, columns * 2, total);
  for (int64_t c = 0; c < columns; c++) {
    if (d_weight) d_weight[c] += total[c];
    if (d_bias) d_bias[c] += total[columns + c];
  }
}
void apus_layer_norm_reference(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight,
                               const float *bias, float epsilon, void *sum, void *out, float *statistics,
                               apus_dtype dtype) {
#define GET(p, i) (dtype == APUS_F32 ? ((const float *)(p))[i] : bf16_to_float(((const uint16_t *)(p))[i]))
#define PUT(p, i, v)                                                                                                   \
  if (dtype == APUS_F32) ((float *)(p))[i] = (float)(v);                                                               \
  else ((uint16_t *)(p))[i] = float_to_bf16((float)(v))
  for (int64_t r = 0; r < rows; r++) {
    double total = 0, squares = 0;
    const void *from = delta ? sum : x;
    for (int64_t i = r * columns; i < (r + 1) * columns; i++) {
      if (delta) {
        PUT(sum, i, (double)GET(x, i) + GET(delta, i));
      }
      total += GET(from, i);
    }
    double mean = total / (double)columns;
    for (int64_t c = 0; c < columns; c++) {
      double v = GET(from, r * columns + c) - mean;
      squares += v * v;
    }
    double rstd = 1 / sqrt(squares / (double)columns + epsilon);
    statistics[2 * r] = (float)mean;
    statistics[2 * r + 1] = (float)rstd;
    for (int64_t c = 0; c < columns; c++) {
      PUT(out, r * columns + c, (GET(from, r * columns + c) - mean) * rstd * weight[c] + bias[c]);
    }
  }
#undef GET
#undef PUT
}

#else

#define LOAD(p, i) V(load_up_to)(p, i, left, type)
#define STREAM(p, i) V(stream_up_to)(p, i, left, type)
#define STORE(p, i, v) V(store_up_to)(p, i, left, v, type)
#define FLOATS(p, c) V(load_up_to)(p, c, left, APUS_F32)
#define ADD(p, c, v) V(store_up_to)(p, c, left, FLOATS(p, c) + (v), APUS_F32)

INLINE void V(layer_norm_forward_rows)(const layer_norm_job *j, int64_t row0, int64_t row1, const apus_dtype type) {
  for (int64_t r = row0; r < row1; r++) {
    int64_t at = r * j->columns;
    const void *from = j->delta ? j->sum : j->x;
    vf sum = {0}, squares = {0};
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = STREAM(j->x, at + c);
      if (j->delta) {
        v += STREAM(j->delta, at + c);
        STORE(j->sum, at + c, v);
        // The stored sum, rounded, is what the later layers and the backward pass see.
        v = LOAD(j->sum, at + c);
      }
      sum += v;
    }
    float mean = V(sum)(sum) / (float)j->columns;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = LOAD(from, at + c) - mean;
      if (left < 16)
        for (int i = (int)left; i < 16; i++) v[i] = 0;
      squares += v * v;
    }
    float rstd = 1 / sqrtf(V(sum)(squares) / (float)j->columns + j->epsilon);
    j->statistics_out[2 * r] = mean;
    j->statistics_out[2 * r + 1] = rstd;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = (LOAD(from, at + c) - mean) * rstd * FLOATS(j->weight, c) + FLOATS(j->bias, c);
      STORE(j->out, at + c, v);
    }
  }
}
static void V(layer_norm_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const layer_norm_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  if (j->dtype == APUS_F32) V(layer_norm_forward_rows)(j, row0, row1, APUS_F32);
  else V(layer_norm_forward_rows)(j, row0, row1, APUS_BF16);
}

// With n = (sum - mean) * rstd and g = d_out * weight: d_sum = rstd * (g - mean(g) - n * mean(g * n)).
INLINE void V(layer_norm_backward_rows)(const layer_norm_job *j, int64_t row0, int64_t row1, float *weights,
                                        float *biases, const apus_dtype type) {
  for (int64_t r = row0; r < row1; r++) {
    int64_t at = r * j->columns;
    float mean = j->statistics[2 * r], rstd = j->statistics[2 * r + 1];
    vf plain = {0}, dot = {0};
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf n = (STREAM(j->x, at + c) - mean) * rstd, d = STREAM(j->d_out, at + c), g = d * FLOATS(j->weight, c);
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
      if (j->d_residual) d += STREAM(j->d_residual, at + c);
      STORE(j->out, at + c, d);
    }
  }
}
static void V(layer_norm_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const layer_norm_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  float *weights = j->partial + chunk * j->columns * 2, *biases = weights + j->columns;
  memset(weights, 0, (size_t)j->columns * 8);
  if (j->dtype == APUS_F32) V(layer_norm_backward_rows)(j, row0, row1, weights, biases, APUS_F32);
  else V(layer_norm_backward_rows)(j, row0, row1, weights, biases, APUS_BF16);
}
#undef LOAD
#undef STREAM
#undef STORE
#undef FLOATS
#undef ADD
#endif
