#ifndef APUS_POINTWISE_H
#define APUS_POINTWISE_H
#include "apus_base.h"

/// Functions of one number.
typedef enum {
  APUS_IDENTITY = 0,
  APUS_SIGMOID = 1,
  APUS_SILU = 2,
  APUS_LOG_SIGMOID = 3,
  APUS_SOFTPLUS = 4,
  APUS_EXP = 5,
  APUS_TANH = 6,
  APUS_RELU = 7,
  APUS_LOG_ONE_MINUS = 8,  // log(max(1 - x, 1e-6))
} apus_function;

/// out = factor * f(x + bias) over rows of columns; bias `[columns]` may be NULL. Types may differ.
void apus_map(apus_function function, int64_t rows, int64_t columns, const void *x, apus_dtype x_dtype, const float *bias,
              float factor, void *out, apus_dtype out_dtype);
/// d_x = factor * f'(x + bias) * d_out; d_bias `[columns]` (NULL: none) += the sum of its rows.
void apus_map_backward(apus_function function, int64_t rows, int64_t columns, const void *x, apus_dtype x_dtype,
                       const float *bias, float factor, const void *d_out, apus_dtype out_dtype, void *d_x,
                       float *d_bias);
void apus_map_reference(apus_function function, int64_t rows, int64_t columns, const void *x, apus_dtype x_dtype,
                        const float *bias, float factor, void *out, apus_dtype out_dtype);

/// out = x * f(gate), all of one type.
void apus_gate(apus_function function, int64_t count, const void *x, const void *gate, void *out, apus_dtype dtype);
void apus_gate_backward(apus_function function, int64_t count, const void *x, const void *gate, const void *d_out,
                        void *d_x, void *d_gate, apus_dtype dtype);

/// What a column is multiplied by: a weight, -e^weight or the weight's sigmoid.
typedef enum { APUS_PLAIN = 0, APUS_NEGATIVE_EXP = 1, APUS_SIGMOID_OF = 2 } apus_column_factor;

/// out = plus + x * w over rows of columns, where w of column c comes from weight[c / share]; plus may be NULL.
void apus_scale_columns(int64_t rows, int64_t columns, int64_t share, apus_column_factor kind, const void *plus,
                        const void *x, const float *weight, void *out, apus_dtype dtype);
/// d_x = d_out * w; d_weight (NULL: frozen) += its gradient.
void apus_scale_columns_backward(int64_t rows, int64_t columns, int64_t share, apus_column_factor kind, const void *x,
                                 const float *weight, const void *d_out, void *d_x, float *d_weight, apus_dtype dtype);

/// out = x * scale: each head of `width` columns of x times a number, scale float `[rows, heads]`.
void apus_scale_heads(int64_t rows, int64_t heads, int64_t width, const void *x, apus_dtype x_dtype, const float *scale,
                      void *out, apus_dtype out_dtype);
/// out `[rows, heads]` = factor times the sums of a * b over each head's columns.
void apus_head_dots(int64_t rows, int64_t heads, int64_t width, const void *a, apus_dtype a_dtype, const void *b,
                    apus_dtype b_dtype, float factor, float *out);
#endif
