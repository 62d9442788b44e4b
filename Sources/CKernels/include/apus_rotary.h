#ifndef APUS_ROTARY_H
#define APUS_ROTARY_H
#include "apus_base.h"

/// Rotary position embedding (RoPE, arXiv:2104.09864) in place of the first `turned` elements of each head: i and
/// i + turned / 2 turn by angle `positions[row] * frequency[i]`, the halves layout of Hugging Face checkpoints, or where
/// `interleaved` 2 i and 2 i + 1, the paper's. `table` holds cos and sin, `[positions, 2, turned / 2]`; where they are
/// longer than 1, what is turned grows as much. `inverse` turns the other way, which is the backward pass. Heads of width
/// `dim` lie one after another from `x[row * stride]`.
void apus_rotary(int64_t rows, int64_t heads, int64_t dim, int64_t turned, int64_t stride, void *x,
                 const int32_t *positions, const float *table, bool interleaved, bool inverse, apus_dtype dtype);
void apus_rotary_reference(int64_t rows, int64_t heads, int64_t dim, int64_t turned, int64_t stride, void *x,
                           const int32_t *positions, const float *table, bool interleaved, bool inverse,
                           apus_dtype dtype);
#endif
