#ifndef APUS_HEAD_H
#define APUS_HEAD_H
#include "apus_base.h"

/// Of each row of logits `[rows, columns]` (f32, row stride `stride`): the log of the sum of exponentials, and the
/// log-probability of `targets[row]`. A negative target gives log-probability 0. `entropy` (nats) may be NULL.
void apus_log_softmax(int64_t rows, int64_t columns, int64_t stride, const float *logits, const int32_t *targets,
                      float *log_sum_exp, float *log_probability, float *entropy);
/// Gradient of the logits from those of the two results:
/// d_logits[j] = d_log_probability * ([j = target] - p[j]) + d_log_sum_exp * p[j], in `dtype`, row stride `columns`.
/// Rows with a negative target take no part in d_log_probability.
void apus_log_softmax_backward(int64_t rows, int64_t columns, int64_t stride, const float *logits,
                               const int32_t *targets, const float *log_sum_exp, const float *d_log_probability,
                               const float *d_log_sum_exp, void *d_logits, apus_dtype dtype);
void apus_log_softmax_reference(int64_t rows, int64_t columns, int64_t stride, const float *logits,
                                const int32_t *targets, float *log_sum_exp, float *log_probability, float *entropy);
#endif
