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
/// Scalars of one Lion step (arXiv:2302.06675).
typedef struct {
  float learning_rate, beta1, beta2, weight_decay;
  float gradient_scale;
} apus_lion_scalars;

/// One pass: weight = weight * (1 - lr * decay) - lr * sign(beta1 * m + (1 - beta1) * g); m = beta2 * m + (1 - beta2) * g.
void apus_lion(int64_t count, float *weight, const float *gradient, float *m, apus_lion_scalars scalars);
void apus_lion_reference(int64_t count, float *weight, const float *gradient, float *m, apus_lion_scalars scalars);

/// Scalars of one AdEMAMix step (arXiv:2409.03137); beta3 and alpha are those of the step.
typedef struct {
  float learning_rate, beta1, beta2;
  float slow_rate;  // 1 - beta3, which is too near to 1 for a float
  float alpha, epsilon, weight_decay;
  float correction1, correction2;  // 1 - beta1^step, 1 - beta2^step
  float gradient_scale;
} apus_ademamix_scalars;

/// One pass: fast, slow and v are moving averages of g, g and g^2;
/// weight = weight * (1 - lr * decay) - lr * (fast / c1 + alpha * slow) / (sqrt(v / c2) + epsilon).
void apus_ademamix(int64_t count, float *weight, const float *gradient, float *fast, float *slow, float *v,
                   apus_ademamix_scalars scalars);
void apus_ademamix_reference(int64_t count, float *weight, const float *gradient, float *fast, float *slow, float *v,
                             apus_ademamix_scalars scalars);

/// One pass: momentum = decay * momentum + (1 - decay) * g, and update = that or, with Nesterov's look ahead,
/// decay * momentum + (1 - decay) * g.
void apus_momentum(int64_t count, const float *gradient, float *momentum, float *update, float decay,
                   float gradient_scale, bool nesterov);
void apus_momentum_reference(int64_t count, const float *gradient, float *momentum, float *update, float decay,
                             float gradient_scale, bool nesterov);

/// out = a * x + b * y; y NULL: a * x. out may be x or y.
void apus_combination(int64_t count, float a, const float *x, float b, const float *y, float *out);
void apus_combination_reference(int64_t count, float a, const float *x, float b, const float *y, float *out);

/// SOAP's step in its basis: v = beta2 * v + (1 - beta2) * g^2, out = first / c1 / (sqrt(v / c2) + epsilon).
void apus_precondition(int64_t count, const float *gradient, const float *first, float *v, float *out, float beta2,
                       float correction1, float correction2, float epsilon);
void apus_precondition_reference(int64_t count, const float *gradient, const float *first, float *v, float *out,
                                 float beta2, float correction1, float correction2, float epsilon);

/// Sum of squares in double, by fixed chunks: the same for every number of threads.
double apus_sum_of_squares(int64_t count, const float *x);
#endif
