// The output head: softmax over the vocabulary block by block, in the product's epilogue. Each block has a reference of
// its own, its largest logit, so that nothing is written twice; the blocks are brought together at the end.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/head.c"
#include "apus_head.h"
#include "apus_pointwise.h"
#include "apus_pool.h"
#include "gemm_blocks.h"
// Columns of weights that are packed at a time.
enum { columns_at_once = 16 * APUS_HEAD_COLUMNS };
typedef struct {
  int64_t rows, columns;
  int64_t first;  // column that the product begins with
  const int32_t *targets;
  void *exponentials;  // rows `stride` apart
  int64_t stride;
  apus_dtype dtype;
  // 0: none.
  float soft_cap;
  // [blocks, rows]
  float *largest, *sums, *weighted;
  // [rows]
  float *target_logits, *log_sum_exp, *log_probability, *entropy;
} head_job;
typedef struct {
  int64_t rows, columns;
  void *exponentials;
  int64_t stride;
  apus_dtype dtype;
  float soft_cap;
  const float *largest;
  const int32_t *targets;
  const float *log_sum_exp, *log_probability, *d_log_probability, *d_log_sum_exp;
} head_gradient_job;
#include "for_each_variant.h"

void apus_head(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix hidden,
               const void *packed, apus_matrix weights, const int32_t *targets, void *exponentials, int64_t stride,
               apus_dtype dtype, float *block_largest, float soft_cap, float *log_sum_exp, float *log_probability,
               float *entropy) {
  int64_t cells = apus_head_blocks(columns) * rows;
  float *memory = apus_workspace(4, (size_t)(2 * cells + rows) * sizeof(float));
  head_job job = {
      .rows = rows, .columns = columns, .targets = targets, .exponentials = exponentials, .stride = stride,
      .dtype = dtype, .soft_cap = soft_cap, .largest = block_largest, .sums = memory, .weighted = memory + cells,
      .target_logits = memory + 2 * cells, .log_sum_exp = log_sum_exp, .log_probability = log_probability,
      .entropy = entropy};
  const int64_t at_once = packed ? columns : least(columns, columns_at_once);
  char *part = packed ? NULL : apus_workspace(7, apus_gemm_packed_bytes(compute, depth, at_once));
  for (; job.first < columns; job.first += at_once) {
    const int64_t count = least(at_once, columns - job.first);
    if (part) apus_gemm_pack(compute, depth, count, transposed(vectors_from(weights, job.first)), part);
    apus_gemm_epilogue(compute, rows, count, depth, hidden, part ? part : packed, APUS_HEAD_COLUMNS,
                       CHOOSE(head_strip), &job);
  }
  apus_parallel((rows + 15) / 16, CHOOSE(head_results), &job);
}
void apus_head_gradient(int64_t rows, int64_t columns, void *exponentials, int64_t stride, apus_dtype dtype,
                        const float *block_largest, float soft_cap, const int32_t *targets, const float *log_sum_exp,
                        const float *log_probability, const float *d_log_probability, const float *d_log_sum_exp) {
  head_gradient_job job = {rows,          columns, exponentials, stride,          dtype,             soft_cap,
                           block_largest, targets, log_sum_exp,  log_probability, d_log_probability, d_log_sum_exp};
  apus_parallel(rows, CHOOSE(head_gradient_row), &job);
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
#include "functions_body.h"

// One row of a strip. The lanes past its end are set to -infinity, where the exponential is 0; a NaN is never chosen as
// the largest, but spoils the sum.
INLINE void V(head_strip_row)(const head_job *j, int64_t row, int64_t block, int64_t column0, int64_t columns, float *x,
                              const apus_dtype type, const bool entropy) {
  for (int64_t c = 0; j->soft_cap > 0 && c < columns; c += 16) {
    vf v;
    LOAD_F32(v, x + c);
    v = j->soft_cap * V(tanh)(v / j->soft_cap);
    memcpy(x + c, &v, 64);
  }
  int32_t target = j->targets[row];
  if (target >= column0 && target < column0 + columns) j->target_logits[row] = x[target - column0];
  int64_t padded = (columns + 15) / 16 * 16;
  for (int64_t c = columns; c < padded; c++) x[c] = -INFINITY;
  vf tops = vsplat(-INFINITY);
  for (int64_t c = 0; c < padded; c += 16) {
    vf v;
    LOAD_F32(v, x + c);
    tops = V(max)(v, tops);
  }
  float top = V(largest)(tops);
  vf sums = {0}, weighted = {0};
  int64_t at = row * j->stride + column0;
  for (int64_t c = 0; c < padded; c += 16) {
    vf v;
    LOAD_F32(v, x + c);
    v -= top;
    vf e = type == APUS_F32 ? V(exp)(v) : V(exp_coarse)(v);
    sums += e;
    // 0 times -infinity is no number; what is below the exponential's range counts for nothing.
    if (entropy) weighted += e * vselect(v < vsplat(-100), vsplat(0), v);
    if (j->exponentials) {
      V(store_up_to)(j->exponentials, at + c, columns - c, e, type);
    }
  }
  j->largest[block * j->rows + row] = top;
  j->sums[block * j->rows + row] = V(sum)(sums);
  if (entropy) j->weighted[block * j->rows + row] = V(sum)(weighted);
}
static void V(head_strip)(const void *context, int64_t row0, int64_t rows, int64_t column0, int64_t columns,
                          float *strip, int64_t stride) {
  const head_job *j = context;
  column0 += j->first;
  int64_t block = column0 / APUS_HEAD_COLUMNS;
  for (int64_t r = 0; r < rows; r++) {
    float *x = strip + r * stride;
    if (j->entropy) V(head_strip_row)(j, row0 + r, block, column0, columns, x, j->dtype, true);
    else if (j->dtype == APUS_F32) V(head_strip_row)(j, row0 + r, block, column0, columns, x, APUS_F32, false);
    else V(head_strip_row)(j, row0 + r, block, column0, columns, x, APUS_BF16, false);
  }
}

// Sixteen rows in the lanes.
static void V(head_results)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const head_job *j = context;
  int64_t row = chunk * 16, blocks = apus_head_blocks(j->columns);
  int n = j->rows - row < 16 ? (int)(j->rows - row) : 16;
#define LOAD(p, b) V(load_up_to)(p, (b) * j->rows + row, n, APUS_F32)
  vf top = vsplat(-INFINITY), total = {0}, weighted = {0};
  for (int64_t b = 0; b < blocks; b++) {
    vf v = LOAD(j->largest, b);
    top = V(max)(v, top);
  }
  for (int64_t b = 0; b < blocks; b++) {
    vf below = LOAD(j->largest, b) - top, scale = V(exp)(below), sum = LOAD(j->sums, b) * scale;
    total += sum;
    if (j->entropy) weighted += LOAD(j->weighted, b) * scale + sum * vselect(below < vsplat(-100), vsplat(0), below);
  }
#undef LOAD
  float tops[16], totals[16], means[16];
  memcpy(tops, &top, 64);
  memcpy(totals, &total, 64);
  memcpy(means, &weighted, 64);
  for (int i = 0; i < n; i++) {
    float log_total = logf(totals[i]), lse = tops[i] + log_total;
    j->log_sum_exp[row + i] = lse;
    j->log_probability[row + i] = j->targets[row + i] < 0 ? 0 : j->target_logits[row + i] - lse;
    // Relative to the largest logit, so that their common level costs no digits.
    if (j->entropy) j->entropy[row + i] = log_total - means[i] / totals[i];
  }
}

static void V(head_gradient_row)(void *context, int64_t r, int worker) {
  (void)worker;
  const head_gradient_job *j = context;
  int32_t target = j->targets[r];
  float d_target = target < 0 ? 0 : j->d_log_probability[r];
  float scale = (j->d_log_sum_exp ? j->d_log_sum_exp[r] : 0) - d_target;
  int64_t blocks = apus_head_blocks(j->columns), at = r * j->stride;
  for (int64_t b = 0; b < blocks; b++) {
    int64_t column0 = b * APUS_HEAD_COLUMNS, column1 = column0 + APUS_HEAD_COLUMNS;
    if (column1 > j->columns) column1 = j->columns;
    float largest = j->largest[b * j->rows + r];
    vf below = vsplat(largest - j->log_sum_exp[r]);
    vf factor = V(exp)(below) * scale;
    for (int64_t c = column0; c < column1; c += 16) {
      int n = column1 - c < 16 ? (int)(column1 - c) : 16;
      vf e = V(load_up_to)(j->exponentials, at + c, n, j->dtype), d = e * factor;
      bool hasTarget = target >= c && target < c + n;
      if (hasTarget) d[target - c] = expf(j->log_probability[r]) * scale + d_target;
      if (j->soft_cap > 0) {
        vf logit = V(log)(e) + largest;
        if (hasTarget) logit[target - c] = j->log_probability[r] + j->log_sum_exp[r];
        logit /= j->soft_cap;
        d *= 1.0f - logit * logit;
      }
      V(store_up_to)(j->exponentials, at + c, n, d, j->dtype);
    }
  }
}
#endif
