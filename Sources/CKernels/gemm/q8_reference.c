// The plain definition of products with weights in blocks of eight bits.
#include "q8_blocks.h"
#include "vector.h"

void apus_q8_linear_reference(int64_t rows, int64_t inputs, int64_t outputs, const void *x, apus_dtype x_dtype,
                              int64_t x_stride, const float *weight, void *y, apus_dtype y_dtype, int64_t y_stride) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t o = 0; o < outputs; o++) {
      double sum = 0;
      for (int64_t b = 0; b < inputs / q8_block; b++) {
        int8_t q[q8_block];
        double scale = apus_q8_round_block(weight + o * inputs + b * q8_block, q);
        for (int i = 0; i < q8_block; i++) {
          int64_t at = r * x_stride + b * q8_block + i;
          float value = x_dtype == APUS_F32 ? ((const float *)x)[at] : bf16_to_float(((const uint16_t *)x)[at]);
          sum += scale * q[i] * value;
        }
      }
      if (y_dtype == APUS_F32) ((float *)y)[r * y_stride + o] = (float)sum;
      else ((uint16_t *)y)[r * y_stride + o] = float_to_bf16((float)sum);
    }
}
