#ifndef APUS_SELECTIVE_SCAN_H
#define APUS_SELECTIVE_SCAN_H
#include "apus_base.h"

/// Mamba's selective scan (arXiv:2312.00752): every channel c has a state of its own,
/// h[n] = e^(step[t, c] * a[c, n]) * h[n] + step[t, c] * x[t, c] * b[t, n]; y[t, c] = sum over n of c[t, n] * h[n].
typedef struct {
  int64_t sequences, length, channels, states;
  const void *x, *b, *c;  // [tokens, channels], [tokens, states], [tokens, states] of `dtype`
  const float *step;      // [tokens, channels]
  const float *a;         // [channels, states], below 0
  apus_dtype dtype;
  const int32_t *first;   // [tokens]: first token, within its sequence, of each one's document; NULL
  float *state;           // [sequences, channels, states]: before and, then, after; NULL: zeros. Forward only
} apus_selective_scan;

/// y `[tokens, channels]` of `dtype`.
void apus_selective_scan_forward(const apus_selective_scan *scan, void *y);
/// d_x, d_b and d_c of `dtype`, d_step float; d_a += its gradient.
void apus_selective_scan_backward(const apus_selective_scan *scan, const void *d_y, void *d_x, float *d_step, void *d_b,
                                  void *d_c, float *d_a);
void apus_selective_scan_reference(const apus_selective_scan *scan, void *y);
#endif
