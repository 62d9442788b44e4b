#ifndef APUS_HEAD_H
#define APUS_HEAD_H
#include "apus_gemm.h"

/// Columns of a block of the vocabulary: logits exist for a few rows and one block at a time.
enum { APUS_HEAD_COLUMNS = 512 };
static inline int64_t apus_head_blocks(int64_t columns) {
  return (columns + APUS_HEAD_COLUMNS - 1) / APUS_HEAD_COLUMNS;
}

/// Log-softmax of the logits hidden `[rows, depth]` * Wᵀ, which are never all in memory: W packed before as a right
/// operand `[depth, columns]` or, where `packed` is NULL, `weights` `[columns, depth]`, of which a part is packed at a
/// time. Gives the log of the sum of exponentials of each row, and the log-probability of `targets[row]`, 0 for a
/// negative target. `entropy` (nats) may be NULL.
/// With a `soft_cap` above 0, logits x become soft_cap * tanh(x / soft_cap).
/// For the backward pass `exponentials` `[rows, columns]` of `dtype`, rows `stride` apart, receives e^(logit - largest
/// of its block) and `block_largest` `[blocks, rows]` those largest; the former may be NULL.
void apus_head(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix hidden,
               const void *packed, apus_matrix weights, const int32_t *targets, void *exponentials, int64_t stride,
               apus_dtype dtype, float *block_largest, float soft_cap, float *log_sum_exp, float *log_probability,
               float *entropy);
/// Turns `exponentials` into the gradient of the logits from those of the two results, p = e^(logit - log_sum_exp):
/// d_logits[j] = d_log_probability * ([j = target] - p[j]) + d_log_sum_exp * p[j].
/// The target's p comes from its log-probability: the difference to 1 must not suffer from a rounded exponential.
/// Rows with a negative target take no part in d_log_probability; `d_log_sum_exp` may be NULL.
void apus_head_gradient(int64_t rows, int64_t columns, void *exponentials, int64_t stride, apus_dtype dtype,
                        const float *block_largest, float soft_cap, const int32_t *targets,
                        const float *log_sum_exp, const float *log_probability, const float *d_log_probability,
                        const float *d_log_sum_exp);
/// The results by definition, summed in double, of logits `[rows, columns]` with row stride `stride`.
void apus_log_softmax_reference(int64_t rows, int64_t columns, int64_t stride, const float *logits,
                                const int32_t *targets, float *log_sum_exp, float *log_probability, float *entropy);
#endif
