// One number a column added to rows (the bias of a linear layer).
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/bias.c"
#include "apus_elementwise.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, columns;
  const void *d_out;
  const float *bias;
  void *out;
  float *partial;
  apus_dtype dtype;
} bias_job;
#include "for_each_variant.h"

void apus_add_bias(int64_t rows, int64_t columns, void *x, const float *bias, apus_dtype dtype) {
  bias_job job = {rows, columns, NULL, bias, x, NULL, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(bias_forward), &job);
}
void apus_bias_backward(int64_t rows, int64_t columns, const void *d_out, float *d_bias, apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  float *partial = apus_workspace(5, (size_t)(chunks * columns) * 4);
  bias_job job = {rows, columns, d_out, NULL, NULL, partial, dtype};
  apus_parallel(chunks, CHOOSE(bias_backward), &job);
  apus_add_partial_rows(partial, chunks, columns, d_bias);
}
void apus_add_bias_reference(int64_t rows, int64_t columns, void *x, const float *bias, apus_dtype dtype) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) {
      int64_t i = r * columns + c;
      if (dtype == APUS_F32) ((float *)x)[i] = (float)((double)((float *)x)[i] + bias[c]);
      else ((uint16_t *)x)[i] = float_to_bf16((float)((double)bf16_to_float(((uint16_t *)x)[i]) + bias[c]));
    }
}

#else

INLINE void V(bias_rows)(const bias_job *j, int64_t row0, int64_t row1, const apus_dtype type) {
  for (int64_t r = row0; r < row1; r++)
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c, at = r * j->columns + c;
      vf v = V(load_up_to)(j->out, at, left, type) + V(load_up_to)(j->bias, c, left, APUS_F32);
      V(store_up_to)(j->out, at, left, v, type);
    }
}
static void V(bias_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const bias_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  if (j->dtype == APUS_F32) V(bias_rows)(j, row0, row1, APUS_F32);
  else V(bias_rows)(j, row0, row1, APUS_BF16);
}

INLINE void V(bias_sums)(const bias_job *j, int64_t row0, int64_t row1, float *sums, const apus_dtype type) {
  for (int64_t r = row0; r < row1; r++)
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = V(load_up_to)(sums, c, left, APUS_F32) + V(load_up_to)(j->d_out, r * j->columns + c, left, type);
      V(store_up_to)(sums, c, left, v, APUS_F32);
    }
}
static void V(bias_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const bias_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  float *sums = j->partial + chunk * j->columns;
  memset(sums, 0, (size_t)j->columns * 4);
  if (j->dtype == APUS_F32) V(bias_sums)(j, row0, row1, sums, APUS_F32);
  else V(bias_sums)(j, row0, row1, sums, APUS_BF16);
}
#endif
