#ifndef APUS_NORM_H
#define APUS_NORM_H
#include "apus_base.h"

/// RMSNorm (arXiv:1910.07467) of rows, with the residual addition before it folded in:
/// sum = x + delta (delta may be NULL: then sum is not written), out = sum / sqrt(mean(sum^2) + epsilon) * weight, or
/// * (1 + weight) if `one_plus` (Gemma, arXiv:2403.08295). `rstd` `[rows]` keeps 1 / sqrt(...) for the backward pass.
void apus_rms_norm(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight, bool one_plus,
                   float epsilon, void *sum, void *out, float *rstd, apus_dtype dtype);
/// d_sum = gradient through the norm + d_residual (NULL: none); d_weight += its gradient (NULL: frozen).
/// `d_sum` may be `d_residual`.
void apus_rms_norm_backward(int64_t rows, int64_t columns, const void *sum, const float *weight, bool one_plus,
                            const float *rstd, const void *d_out, const void *d_residual, void *d_sum,
                            float *d_weight, apus_dtype dtype);
void apus_rms_norm_reference(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight,
                             bool one_plus, float epsilon, void *sum, void *out, float *rstd, apus_dtype dtype);

/// RMSNorm of each of `heads` heads of width `dim` inside rows of `stride` elements, one weight `[dim]` for all.
/// `rstd` is `[rows, heads]`. In place where out is x. `one_plus` as above.
void apus_head_norm(int64_t rows, int64_t heads, int64_t dim, int64_t stride, const void *x, const float *weight,
                    bool one_plus, float epsilon, void *out, float *rstd, apus_dtype dtype);
/// `d_x` may be `d_out`.
void apus_head_norm_backward(int64_t rows, int64_t heads, int64_t dim, int64_t stride, const void *x,
                             const float *weight, bool one_plus, const float *rstd, const void *d_out, void *d_x,
                             float *d_weight, apus_dtype dtype);

/// LayerNorm (arXiv:1607.06450) with the residual addition before it: sum = x + delta (delta may be NULL: then sum is not
/// written), out = (sum - mean) * rstd * weight + bias. `statistics` is `[rows, 2]`: mean, rstd.
void apus_layer_norm(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight,
                     const float *bias, float epsilon, void *sum, void *out, float *statistics, apus_dtype dtype);
/// d_sum = gradient through the norm + d_residual (NULL: none); d_weight and d_bias += theirs (NULL: frozen).
/// `d_sum` may be `d_residual`.
void apus_layer_norm_backward(int64_t rows, int64_t columns, const void *sum, const float *weight,
                              const float *statistics, const void *d_out, const void *d_residual, void *d_sum,
                              float *d_weight, float *d_bias, apus_dtype dtype);
void apus_layer_norm_reference(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight,
                               const float *bias, float epsilon, void *sum, void *out, float *statistics,
                               apus_dtype dtype);
#endif
