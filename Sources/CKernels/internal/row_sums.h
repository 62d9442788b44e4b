// Sums over rows into one row (weight gradients of norms): rows go in fixed chunks, each with its own partial row,
// and the chunks are added in order, so the sum's order depends on the shape only.
#ifndef APUS_ROW_SUMS_H
#define APUS_ROW_SUMS_H
#include "apus_pool.h"
#include <string.h>

enum { ROWS_PER_CHUNK = 64 };

static inline int64_t apus_row_chunks(int64_t rows) { return (rows + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK; }

// Adds the rows of `partial` up in the first of them, and that to `into`.
static inline void apus_add_partial_rows(float *partial, int64_t chunks, int64_t columns, float *into) {
  if (chunks <= 0) return;
  for (int64_t k = 1; k < chunks; k++)
    for (int64_t c = 0; c < columns; c++) partial[c] += partial[k * columns + c];
  for (int64_t c = 0; c < columns; c++) into[c] += partial[c];
}
#endif
