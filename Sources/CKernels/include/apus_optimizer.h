#ifndef APUS_OPTIMIZER_H
#define APUS_OPTIMIZER_H
#include "apus_base.h"

/// Scalars of one AdamW step (arXiv:1711.05101) in PyTorch's form.
typedef struct {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float correction1, correction2;  // 1 - beta1^step, 1 - beta2^step
  float gradient_scale;            // clipping factor, folded into the pass
} apus_adamw_scalars;

/// One pass over `count` elements: reads each of the four arrays once and writes weight, m and v.
/// weight *= 1 - lr * decay; m, v = moving averages of g and g^2; weight -= lr / c1 * m / (sqrt(v / c2) + epsilon).
void apus_adamw(int64_t count, float *weight, const float *gradient, float *m, float *v, apus_adamw_scalars scalars);
void apus_adamw_reference(int64_t count, float *weight, const float *gradient, float *m, float *v,
                          apus_adamw_scalars scalars);
/// Sum of squares in double, by fixed chunks: the same for every number of threads.
double apus_sum_of_squares(int64_t count, const float *x);
#endif
