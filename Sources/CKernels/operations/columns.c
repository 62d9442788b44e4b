#ifndef APUS_BODY
#define SOURCE_FILE "../operations/columns.c"
#include "apus_columns.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, count, width;
  const apus_column_span *spans;
  void *out;
  apus_dtype dtype;
} columns_job;
#include "for_each_variant.h"

static void gather_rows(void *context, int64_t chunk, int worker) {
  (void)worker;
  const columns_job *j = context;
  int64_t row1 = (chunk + 1) * ROWS_PER_CHUNK < j->rows ? (chunk + 1) * ROWS_PER_CHUNK : j->rows;
  size_t size = apus_dtype_size(j->dtype);
  for (int64_t r = chunk * ROWS_PER_CHUNK; r < row1; r++)
    for (int64_t i = 0; i < j->count; i++) {
      const apus_column_span *s = j->spans + i;
      memcpy((char *)j->out + (size_t)(r * j->width + s->to) * size,
             (const char *)s->rows + (size_t)(r * s->stride + s->from) * size, (size_t)s->count * size);
    }
}
void apus_gather_columns(int64_t rows, const apus_column_span *spans, int64_t count, void *out, int64_t width,
                         apus_dtype dtype) {
  columns_job job = {rows, count, width, spans, out, dtype};
  apus_parallel(apus_row_chunks(rows), gather_rows, &job);
}
void apus_sum_columns(int64_t rows, const apus_column_span *spans, int64_t count, void *out, int64_t width,
                      apus_dtype dtype) {
  columns_job job = {rows, count, width, spans, out, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(sum_columns), &job);
}

#else

static void V(sum_columns)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const columns_job *j = context;
  int64_t row1 = (chunk + 1) * ROWS_PER_CHUNK < j->rows ? (chunk + 1) * ROWS_PER_CHUNK : j->rows;
  float *sums = apus_workspace(0, (size_t)j->width * sizeof(float));
  for (int64_t r = chunk * ROWS_PER_CHUNK; r < row1; r++) {
    memset(sums, 0, (size_t)j->width * sizeof(float));
    for (int64_t i = 0; i < j->count; i++) {
      const apus_column_span *s = j->spans + i;
      for (int64_t c = 0; c < s->count; c += 16) {
        int64_t left = s->count - c;
        vf sum = V(load_up_to)(sums, s->to + c, left, APUS_F32);
        sum += V(load_up_to)(s->rows, r * s->stride + s->from + c, left, j->dtype);
        V(store_up_to)(sums, s->to + c, left, sum, APUS_F32);
      }
    }
    for (int64_t c = 0; c < j->width; c += 16)
      V(store_up_to)(j->out, r * j->width + c, j->width - c, V(load_up_to)(sums, c, j->width - c, APUS_F32), j->dtype);
  }
}
#endif
