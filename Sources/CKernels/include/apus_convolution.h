#ifndef APUS_CONVOLUTION_H
#define APUS_CONVOLUTION_H
#include "apus_base.h"

/// Causal convolution of every channel by itself over the few last tokens of its document:
/// out[t, c] = f(bias[c] + sum over i of weight[c, i] * x[t - taps + 1 + i, c]), f being SiLU or nothing.
typedef struct {
  int64_t sequences, length, channels, taps;
  const void *x;
  int64_t x_stride;
  apus_dtype dtype;
  const float *weight;   // [channels, taps]
  const float *bias;     // [channels]; NULL: none
  bool silu;
  const int32_t *first;  // [tokens]; NULL: documents are whole sequences
  /// `[taps - 1, channels]` of `dtype`: the rows before the first of a single sequence, then those before the next one.
  /// NULL: zeros.
  void *history;
} apus_convolution;

void apus_convolution_forward(const apus_convolution *convolution, void *out);
/// d_x `[tokens, channels]`; d_weight and d_bias += theirs (NULL: frozen).
void apus_convolution_backward(const apus_convolution *convolution, const void *d_out, void *d_x, float *d_weight,
                               float *d_bias);
void apus_convolution_reference(const apus_convolution *convolution, void *out);
#endif
