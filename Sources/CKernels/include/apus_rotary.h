#ifndef APUS_ROTARY_H
#define APUS_ROTARY_H
#include "apus_base.h"

/// Rotary position embedding (RoPE, arXiv:2104.09864) in place, in the halves layout of Hugging Face checkpoints:
/// elements i and i + dim / 2 of a head turn by angle `positions[row] * frequency[i]`. `table` holds cos and sin,
/// `[positions, 2, dim / 2]`. `inverse` turns back, which is the backward pass. Heads lie one after another from
/// `x[row * stride]`.
void apus_rotary(int64_t rows, int64_t heads, int64_t dim, int64_t stride, void *x, const int32_t *positions,
                 const float *table, bool inverse, apus_dtype dtype);
void apus_rotary_reference(int64_t rows, int64_t heads, int64_t dim, int64_t stride, void *x, const int32_t *positions,
                           const float *table, bool inverse, apus_dtype dtype);
#endif
