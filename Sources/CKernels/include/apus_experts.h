#ifndef APUS_EXPERTS_H
#define APUS_EXPERTS_H
#include "apus_gemm.h"

/// How a router turns the logits of a token into weights of experts.
typedef struct {
  int64_t experts, chosen;            // of which so many are chosen for each token
  int64_t groups, chosen_groups;      // experts are chosen from the best groups only; 1 and 1: from all
  bool sigmoid;                       // scores are sigmoids of the logits, not their softmax
  bool normalize;                     // weights are divided by their sum
  float scale;                        // and multiplied by this
} apus_router;

/// Scores `[tokens, experts]` of logits (softmax over the experts, or sigmoids), the log of the sum of exponentials of
/// each token's logits, and the `chosen` experts with the largest score + `choice_bias` (NULL: none), largest first, the
/// lower number first where equal, with the weights that their scores give. Groups are ranked by the sum of their two
/// largest (DeepSeek-V3, arXiv:2412.19437), under a softmax by their largest (DeepSeek-V2, arXiv:2405.04434).
void apus_route(int64_t tokens, const apus_router *router, const float *logits, const float *choice_bias, float *scores,
                float *log_sum_exp, int32_t *chosen, float *weights);
/// d_logits of d_weights `[tokens, chosen]`, of a loss sum over tokens and experts of `share_gradient[expert]` times the
/// expert's share of the token's scores (NULL: none), and of `z_scale` / 2 times the sum of squares of log_sum_exp.
void apus_route_backward(int64_t tokens, const apus_router *router, const float *logits, const float *scores,
                         const float *log_sum_exp, const int32_t *chosen, const float *d_weights,
                         const float *share_gradient, float z_scale, float *d_logits);
/// Rows of tokens sorted by expert, in order of the tokens: `offsets` `[experts + 1]` of each expert's rows,
/// `places` `[tokens, chosen]` where each choice went, `sources` `[tokens * chosen]` which token a row is of.
void apus_sort_choices(int64_t tokens, int64_t experts, int64_t chosen, const int32_t *choices, int64_t *offsets,
                       int32_t *places, int32_t *sources);

/// out `[rows, columns]`: row r is row `sources[r]` of x.
void apus_gather_rows(int64_t rows, int64_t columns, const int32_t *sources, const void *x, void *out,
                      apus_dtype dtype);
/// out `[tokens, columns]`: row t is the sum, in order, of the rows `places[t * count ..< (t + 1) * count]` of x.
void apus_combine_rows(int64_t tokens, int64_t count, int64_t columns, const int32_t *places, const void *x, void *out,
                       apus_dtype dtype);
/// out = x times the sigmoid of its row's gate.
void apus_gate_rows(int64_t rows, int64_t columns, const void *x, const void *gate, void *out, apus_dtype dtype);
/// Both gradients of it.
void apus_gate_rows_backward(int64_t rows, int64_t columns, const void *x, const void *gate, const void *d_out, void *d_x,
                             void *d_gate, apus_dtype dtype);

/// Rows in groups, one after another: group g has rows `offsets[g] ..< offsets[g + 1]`. y `[rows, outputs]` = each
/// group's x `[rows, inputs]` * its W, packed before as a right operand `[inputs, outputs]`; a group without rows may have
/// NULL. Work is shared out in pieces of a group's rows and columns; the pieces depend on the shape only.
void apus_grouped_linear(apus_dtype compute, int64_t groups, const int64_t *offsets, int64_t inputs, int64_t outputs,
                         const void *x, apus_dtype dtype, const void *const *packed, void *y);
/// d_in = d_out * each group's W `[outputs, inputs]`, packed as a right operand, and each group's d_weight (NULL: none)
/// += d_outᵀ * x.
void apus_grouped_linear_backward(apus_dtype compute, int64_t groups, const int64_t *offsets, int64_t inputs,
                                  int64_t outputs, const void *d_out, const void *x, apus_dtype dtype,
                                  const void *const *packed, void *d_in, float *const *d_weight);
/// Each group's rows of x += its bias `[columns]`, times the row's weight (NULL: 1).
void apus_grouped_bias(int64_t groups, const int64_t *offsets, int64_t columns, const float *const *bias,
                       const float *weights, void *x, apus_dtype dtype);
/// Each group's d_bias (NULL: none) += the sum of its rows of d_out, times the row's weight, and d_weights (NULL: none)
/// += the product of the row and the bias.
void apus_grouped_bias_backward(int64_t groups, const int64_t *offsets, int64_t columns, const float *const *bias,
                                const float *weights, const void *d_out, float *const *d_bias, float *d_weights,
                                apus_dtype dtype);
#endif
