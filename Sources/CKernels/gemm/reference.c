// The plain definition of a product.
#include "apus_gemm.h"
#include "vector.h"

static double element(apus_matrix m, int64_t i, int64_t j, apus_dtype compute) {
  int64_t at = i * m.row_stride + j * m.column_stride;
  if (m.dtype == APUS_BF16) return bf16_to_float(((const uint16_t *)m.data)[at]);
  float f = ((const float *)m.data)[at];
  return compute == APUS_BF16 ? bf16_to_float(float_to_bf16(f)) : f;
}

void apus_gemm_reference(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                         apus_matrix right, void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate,
                         float scale) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      double sum = 0;
      for (int64_t k = 0; k < depth; k++) sum += element(left, i, k, compute) * element(right, k, j, compute);
      int64_t at = i * c_stride + j;
      if (c_dtype == APUS_BF16) ((uint16_t *)c)[at] = float_to_bf16((float)(sum * scale));
      else ((float *)c)[at] = (float)((accumulate ? ((float *)c)[at] : 0) + sum * scale);
    }
}
