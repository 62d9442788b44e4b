#ifndef APUS_BODY
#define SOURCE_FILE "../operations/log_softmax.c"
#include "apus_head.h"
#include "apus_pool.h"
typedef struct {
  int64_t columns, stride;
  const float *logits;
  const int32_t *targets;
  float *log_sum_exp, *log_probability, *entropy;
  const float *d_log_probability, *d_log_sum_exp;
  void *d_logits;
  apus_dtype dtype;
} head_job;
#include "for_each_variant.h"

void apus_log_softmax(int64_t rows, int64_t columns, int64_t stride, const float *logits, const int32_t *targets,
                      float *log_sum_exp, float *log_probability, float *entropy) {
  head_job job = {columns, stride, logits, targets, log_sum_exp, log_probability, entropy, NULL, NULL, NULL, APUS_F32};
  apus_parallel(rows, CHOOSE(log_softmax_row), &job);
}
void apus_log_softmax_backward(int64_t rows, int64_t columns, int64_t stride, const float *logits,
                               const int32_t *targets, const float *log_sum_exp, const float *d_log_probability,
                               const float *d_log_sum_exp, void *d_logits, apus_dtype dtype) {
  head_job job = {columns, stride, logits,           targets,       (float *)log_sum_exp, NULL,
                  NULL,    d_log_probability, d_log_sum_exp, d_logits,             dtype};
  apus_parallel(rows, CHOOSE(log_softmax_row_backward), &job);
}
void apus_log_softmax_reference(int64_t rows, int64_t columns, int64_t stride, const float *logits,
                                const int32_t *targets, float *log_sum_exp, float *log_probability, float *entropy) {
  for (int64_t r = 0; r < rows; r++) {
    const float *x = logits + r * stride;
    double top = -INFINITY, total = 0, mean = 0;
    for (int64_t c = 0; c < columns; c++) top = x[c] > top ? x[c] : top;
    for (int64_t c = 0; c < columns; c++) total += exp(x[c] - top);
    for (int64_t c = 0; c < columns; c++) mean += exp(x[c] - top) / total * x[c];
    double lse = top + log(total);
    log_sum_exp[r] = (float)lse;
    log_probability[r] = targets[r] < 0 ? 0 : (float)(x[targets[r]] - lse);
    if (entropy) entropy[r] = (float)(lse - mean);
  }
}

#else

static void V(log_softmax_row)(void *context, int64_t r, int worker) {
  (void)worker;
  const head_job *j = context;
  const float *x = j->logits + r * j->stride;
  vf tops = vsplat(-INFINITY);
  int64_t whole = j->columns / 16 * 16;
  int rest = (int)(j->columns - whole);
  for (int64_t c = 0; c < whole; c += 16) {
    vf v = V(load)(x, c, APUS_F32);
    tops = vmax(v, tops);
  }
  float top = V(largest)(tops);
  for (int64_t c = whole; c < j->columns; c++) top = x[c] > top ? x[c] : top;
  vf sums = {0}, weighted = {0};
  for (int64_t c = 0; c < whole; c += 16) {
    vf v = V(load)(x, c, APUS_F32) - top, e = V(exp)(v);
    sums += e;
    if (j->entropy) weighted += e * v;
  }
  if (rest) {
    vf v = V(load_some)(x, whole, rest, APUS_F32) - top;
    float e[16];
    vf p = V(exp)(v);
    memcpy(e, &p, 64);
    for (int i = rest; i < 16; i++) e[i] = 0;
    memcpy(&p, e, 64);
    sums += p;
    weighted += p * v;
  }
  float total = V(sum)(sums), log_total = logf(total), lse = top + log_total;
  j->log_sum_exp[r] = lse;
  int32_t target = j->targets[r];
  j->log_probability[r] = target < 0 ? 0 : x[target] - lse;
  // Relative to the largest logit, so that their common level costs no digits.
  if (j->entropy) j->entropy[r] = log_total - V(sum)(weighted) / total;
}
static void V(log_softmax_row_backward)(void *context, int64_t r, int worker) {
  (void)worker;
  const head_job *j = context;
  const float *x = j->logits + r * j->stride;
  int32_t target = j->targets[r];
  float d_target = target < 0 ? 0 : j->d_log_probability[r], lse = j->log_sum_exp[r];
  float scale = (j->d_log_sum_exp ? j->d_log_sum_exp[r] : 0) - d_target;
  int64_t at = r * j->columns;
  for (int64_t c = 0; c < j->columns; c += 16) {
    int n = j->columns - c < 16 ? (int)(j->columns - c) : 16;
    vf v = n == 16 ? V(load)(x, c, APUS_F32) : V(load_some)(x, c, n, APUS_F32);
    vf d = V(exp)(v - lse) * scale;
    if (target >= c && target < c + 16) d[target - c] += d_target;
    if (n == 16) V(store)(j->d_logits, at + c, d, j->dtype);
    else V(store_some)(j->d_logits, at + c, n, d, j->dtype);
  }
}
#endif
