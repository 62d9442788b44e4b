#ifndef APUS_ACTIVATION_H
#define APUS_ACTIVATION_H
#include "apus_base.h"

/// SwiGLU (arXiv:2002.05202): out `[rows, width]` = silu(gate) * up, with gate and up side by side in rows of 2 * width.
void apus_swiglu(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype);
/// `d_gate_up` may be `gate_up`.
void apus_swiglu_backward(int64_t rows, int64_t width, const void *gate_up, const void *d_out, void *d_gate_up,
                          apus_dtype dtype);
void apus_swiglu_reference(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype);

/// GEGLU (arXiv:2002.05202) as SwiGLU above, with GELU in its tanh form: out = gelu(gate) * up.
void apus_geglu(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype);
/// `d_gate_up` may be `gate_up`.
void apus_geglu_backward(int64_t rows, int64_t width, const void *gate_up, const void *d_out, void *d_gate_up,
                         apus_dtype dtype);
void apus_geglu_reference(int64_t rows, int64_t width, const void *gate_up, void *out, apus_dtype dtype);

/// GELU in the tanh form of GPT-2 (arXiv:1606.08415): 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
void apus_gelu(int64_t count, const void *x, void *out, apus_dtype dtype);
void apus_gelu_backward(int64_t count, const void *x, const void *d_out, void *d_x, apus_dtype dtype);
void apus_gelu_reference(int64_t count, const void *x, void *out, apus_dtype dtype);

/// What `apus_row_activation` computes. The gated ones take gate and up side by side in rows of 2 * width.
typedef enum {
  APUS_SWIGLU,
  APUS_GEGLU,
  /// gate at most 7 and up from -7 to 7: gate * sigmoid(1.702 * gate) * (up + 1) (gpt-oss).
  APUS_CLAMPED_SWIGLU,
  /// GEGLU with GELU as it is defined, x times the normal distribution's share below x.
  APUS_GEGLU_EXACT,
  APUS_GELU,
  /// max(x, 0)^2 (arXiv:2109.08668).
  APUS_RELU_SQUARED
} apus_activation;
static inline bool apus_is_gated(apus_activation kind) { return kind <= APUS_GEGLU_EXACT; }
/// out `[rows, width]` = the activation of x, times the row's weight (NULL: 1).
void apus_row_activation(apus_activation kind, int64_t rows, int64_t width, const void *x, const float *weights,
                         void *out, apus_dtype dtype);
/// Gradients of x and, where `d_weights` is not NULL, of each row's weight.
void apus_row_activation_backward(apus_activation kind, int64_t rows, int64_t width, const void *x,
                                  const float *weights, const void *d_out, void *d_x, float *d_weights,
                                  apus_dtype dtype);
void apus_row_activation_reference(apus_activation kind, int64_t rows, int64_t width, const void *x,
                                   const float *weights, void *out, apus_dtype dtype);
#endif
