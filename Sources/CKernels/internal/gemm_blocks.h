// What packing and products share.
#ifndef APUS_GEMM_BLOCKS_H
#define APUS_GEMM_BLOCKS_H
#include "gemm_kernels.h"

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A matrix from the point of view of packing: rows are the packed vectors, columns the depth.
static inline apus_matrix vectors_from(apus_matrix m, int64_t first) {
  int64_t size = (int64_t)apus_dtype_size(m.dtype);
  m.data = (const char *)m.data + first * m.row_stride * size;
  return m;
}
static inline apus_matrix transposed(apus_matrix m) {
  int64_t rows = m.row_stride;
  m.row_stride = m.column_stride;
  m.column_stride = rows;
  return m;
}

#endif
