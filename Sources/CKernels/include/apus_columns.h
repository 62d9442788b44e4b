#ifndef APUS_COLUMNS_H
#define APUS_COLUMNS_H
#include "apus_base.h"

/// Columns `from` to `from + count` of a matrix with rows `stride` elements apart stand for columns `to` on of another.
typedef struct {
  const void *rows;
  int64_t stride, from, count, to;
} apus_column_span;

/// out `[rows, width]`: each span's columns copied to their place.
void apus_gather_columns(int64_t rows, const apus_column_span *spans, int64_t count, void *out, int64_t width,
                         apus_dtype dtype);
/// The same where spans may meet and leave gaps: their sums, in float until they are written, and zeros elsewhere.
void apus_sum_columns(int64_t rows, const apus_column_span *spans, int64_t count, void *out, int64_t width,
                      apus_dtype dtype);
#endif
