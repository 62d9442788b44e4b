// Columns times a weight each, heads times a number each, and the sums over heads that their gradients are.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/scale.c"
#include "apus_pointwise.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, columns, width;
  const void *plus, *x, *d_out;
  apus_dtype x_dtype, out_dtype;
  const float *factors;  // of the columns, or of rows and heads
  float factor;
  void *out;
  float *partial;
} scale_job;
#include "for_each_variant.h"

// The factors of all columns, in memory that lasts until the next operation.
static const float *column_factors(int64_t columns, int64_t share, apus_column_factor kind, const float *weight) {
  float *factors = apus_workspace(6, (size_t)columns * 4);
  for (int64_t c = 0; c < columns; c++) {
    float w = weight[c / share];
    factors[c] = kind == APUS_NEGATIVE_EXP ? -expf(w) : kind == APUS_SIGMOID_OF ? 1 / (1 + expf(-w)) : w;
  }
  return factors;
}
void apus_scale_columns(int64_t rows, int64_t columns, int64_t share, apus_column_factor kind, const void *plus,
                        const void *x, const float *weight, void *out, apus_dtype dtype) {
  scale_job job = {rows, columns, 1, plus, x, NULL, dtype, dtype, column_factors(columns, share, kind, weight), 1, out, NULL};
  apus_parallel(apus_row_chunks(rows), CHOOSE(scale_columns), &job);
}
void apus_scale_columns_backward(int64_t rows, int64_t columns, int64_t share, apus_column_factor kind, const void *x,
                                 const float *weight, const void *d_out, void *d_x, float *d_weight, apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  const float *factors = column_factors(columns, share, kind, weight);
  float *partial = apus_workspace(5, (size_t)((chunks + 1) * columns) * 4), *sums = partial + chunks * columns;
  scale_job job = {rows, columns, 1, NULL, x, d_out, dtype, dtype, factors, 1, d_x, partial};
  apus_parallel(chunks, CHOOSE(scale_columns_backward), &job);
  if (!d_weight) return;
  memset(sums, 0, (size_t)columns * 4);
  apus_add_partial_rows(partial, chunks, columns, sums);
  for (int64_t c = 0; c < columns; c++) {
    float slope = kind == APUS_NEGATIVE_EXP ? factors[c] : kind == APUS_SIGMOID_OF ? factors[c] * (1 - factors[c]) : 1;
    d_weight[c / share] += slope * sums[c];
  }
}
void apus_scale_heads(int64_t rows, int64_t heads, int64_t width, const void *x, apus_dtype x_dtype, const float *scale,
                      void *out, apus_dtype out_dtype) {
  scale_job job = {rows, heads, width, NULL, x, NULL, x_dtype, out_dtype, scale, 1, out, NULL};
  apus_parallel(apus_row_chunks(rows), CHOOSE(scale_heads), &job);
}
void apus_head_dots(int64_t rows, int64_t heads, int64_t width, const void *a, apus_dtype a_dtype, const void *b,
                    apus_dtype b_dtype, float factor, float *out) {
  scale_job job = {rows, heads, width, NULL, a, b, a_dtype, b_dtype, NULL, factor, out, NULL};
  apus_parallel(apus_row_chunks(rows), CHOOSE(head_dots), &job);
}

#else

#define EACH_ROW                                                                                                       \
  (void)worker;                                                                                                        \
  const scale_job *j = context;                                                                                        \
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;     \
  for (int64_t r = row0; r < row1; r++)

static void V(scale_columns)(void *context, int64_t chunk, int worker) {
  EACH_ROW for (int64_t c = 0; c < j->columns; c += 16) {
    int64_t left = j->columns - c, at = r * j->columns + c;
    vf v = V(load_up_to)(j->x, at, left, j->x_dtype) * V(load_up_to)(j->factors, c, left, APUS_F32);
    if (j->plus) v += V(load_up_to)(j->plus, at, left, j->x_dtype);
    V(store_up_to)(j->out, at, left, v, j->out_dtype);
  }
}
static void V(scale_columns_backward)(void *context, int64_t chunk, int worker) {
  const scale_job *whole = context;
  float *partial = whole->partial + chunk * whole->columns;
  memset(partial, 0, (size_t)whole->columns * 4);
  EACH_ROW for (int64_t c = 0; c < j->columns; c += 16) {
    int64_t left = j->columns - c, at = r * j->columns + c;
    vf d = V(load_up_to)(j->d_out, at, left, j->x_dtype), x = V(load_up_to)(j->x, at, left, j->x_dtype);
    V(store_up_to)(j->out, at, left, d * V(load_up_to)(j->factors, c, left, APUS_F32), j->x_dtype);
    V(store_up_to)(partial, c, left, V(load_up_to)(partial, c, left, APUS_F32) + d * x, APUS_F32);
  }
}
static void V(scale_heads)(void *context, int64_t chunk, int worker) {
  EACH_ROW for (int64_t h = 0; h < j->columns; h++) for (int64_t c = 0; c < j->width; c += 16) {
    int64_t left = j->width - c, at = (r * j->columns + h) * j->width + c;
    vf v = V(load_up_to)(j->x, at, left, j->x_dtype) * j->factors[r * j->columns + h];
    V(store_up_to)(j->out, at, left, v, j->out_dtype);
  }
}
static void V(head_dots)(void *context, int64_t chunk, int worker) {
  EACH_ROW for (int64_t h = 0; h < j->columns; h++) {
    vf sum = {0};
    for (int64_t c = 0; c < j->width; c += 16) {
      int64_t left = j->width - c, at = (r * j->columns + h) * j->width + c;
      sum += V(load_up_to)(j->x, at, left, j->x_dtype) * V(load_up_to)(j->d_out, at, left, j->out_dtype);
    }
    ((float *)j->out)[r * j->columns + h] = V(sum)(sum) * j->factor;
  }
}
#undef EACH_ROW
#endif
