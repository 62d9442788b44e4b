// Sums over rows into one row (weight gradients of norms): rows go in fixed chunks, each with its own partial row,
// and the chunks are added in order, so the sum's order depends on the shape only.
#ifndef APUS_ROW_SUMS_H
#define APUS_ROW_SUMS_H
#include "apus_pool.h"
#include <string.h>

enum { ROWS_PER_CHUNK = 64 };

static inline int64_t apus_row_chunks(int64_t rows) { return (rows + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK; }

static inline void apus_add_partial_rows(const float *partial, int64_t chunks, int64_t columns, float *into) {
  for (int64_t c = 0; c < columns; c++) {
    float sum = 0;
    for (int64_t k = 0; k < chunks; k++) sum += partial[k * columns + c];
    into[c] += sum;
  }
}
#endif
