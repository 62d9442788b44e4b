// Rows of tokens on their way to experts and back. Sums go in the order of a token's choices, whoever computes them.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/expert_rows.c"
#include "apus_experts.h"
#include "apus_pool.h"
#include "vector.h"
typedef struct {
  int64_t rows, count, columns;
  const int32_t *places;
  const void *x, *gate, *d_out;
  void *out, *d_gate;
  apus_dtype dtype;
} expert_rows_job;
typedef struct {
  const int64_t *offsets;
  int64_t columns;
  const float *const *bias;
  const float *weights;
  void *x;
  float *const *d_bias;
  float *d_weights;
  apus_dtype dtype;
} group_bias_job;
enum { rows_per_task = 16 };
#include "for_each_variant.h"

static int64_t tasks(int64_t rows) { return (rows + rows_per_task - 1) / rows_per_task; }

static void gather_task(void *context, int64_t task, int worker) {
  (void)worker;
  const expert_rows_job *j = context;
  size_t bytes = (size_t)j->columns * apus_dtype_size(j->dtype);
  int64_t last = (task + 1) * rows_per_task < j->rows ? (task + 1) * rows_per_task : j->rows;
  for (int64_t r = task * rows_per_task; r < last; r++)
    memcpy((char *)j->out + (size_t)r * bytes, (const char *)j->x + (size_t)j->places[r] * bytes, bytes);
}
void apus_gather_rows(int64_t rows, int64_t columns, const int32_t *sources, const void *x, void *out,
                      apus_dtype dtype) {
  expert_rows_job job = {.rows = rows, .columns = columns, .places = sources, .x = x, .out = out, .dtype = dtype};
  apus_parallel(tasks(rows), gather_task, &job);
}
void apus_combine_rows(int64_t tokens, int64_t count, int64_t columns, const int32_t *places, const void *x, void *out,
                       apus_dtype dtype) {
  expert_rows_job job = {.rows = tokens, .count = count, .columns = columns, .places = places, .x = x, .out = out,
                         .dtype = dtype};
  apus_parallel(tasks(tokens), CHOOSE(combine_task), &job);
}
void apus_gate_rows(int64_t rows, int64_t columns, const void *x, const void *gate, void *out, apus_dtype dtype) {
  expert_rows_job job = {.rows = rows, .columns = columns, .x = x, .gate = gate, .out = out, .dtype = dtype};
  apus_parallel(tasks(rows), CHOOSE(gate_task), &job);
}
void apus_gate_rows_backward(int64_t rows, int64_t columns, const void *x, const void *gate, const void *d_out, void *d_x,
                             void *d_gate, apus_dtype dtype) {
  expert_rows_job job = {.rows = rows, .columns = columns, .x = x, .gate = gate, .d_out = d_out, .out = d_x,
                         .d_gate = d_gate, .dtype = dtype};
  apus_parallel(tasks(rows), CHOOSE(gate_task), &job);
}
void apus_grouped_bias(int64_t groups, const int64_t *offsets, int64_t columns, const float *const *bias,
                       const float *weights, void *x, apus_dtype dtype) {
  group_bias_job job = {offsets, columns, bias, weights, x, NULL, NULL, dtype};
  apus_parallel(groups, CHOOSE(group_bias_task), &job);
}
void apus_grouped_bias_backward(int64_t groups, const int64_t *offsets, int64_t columns, const float *const *bias,
                                const float *weights, const void *d_out, float *const *d_bias, float *d_weights,
                                apus_dtype dtype) {
  group_bias_job job = {offsets, columns, bias, weights, (void *)d_out, d_bias, d_weights, dtype};
  apus_parallel(groups, CHOOSE(group_bias_backward_task), &job);
}

#else

static void V(combine_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const expert_rows_job *j = context;
  int64_t last = (task + 1) * rows_per_task < j->rows ? (task + 1) * rows_per_task : j->rows;
  for (int64_t t = task * rows_per_task; t < last; t++)
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t n = j->columns - c;
      vf sum = vsplat(0);
      for (int64_t i = 0; i < j->count; i++)
        sum += V(load_up_to)(j->x, j->places[t * j->count + i] * j->columns + c, n, j->dtype);
      V(store_up_to)(j->out, t * j->columns + c, n, sum, j->dtype);
    }
}

static void V(gate_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const expert_rows_job *j = context;
  int64_t last = (task + 1) * rows_per_task < j->rows ? (task + 1) * rows_per_task : j->rows;
  for (int64_t r = task * rows_per_task; r < last; r++) {
    float gate = V(load_some)(j->gate, r, 1, j->dtype)[0], open = 1 / (1 + expf(-gate));
    vf product = vsplat(0);
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t n = j->columns - c, at = r * j->columns + c;
      vf x = V(load_up_to)(j->x, at, n, j->dtype);
      if (j->d_out) {
        vf d = V(load_up_to)(j->d_out, at, n, j->dtype);
        product += d * x;
        x = d;
      }
      V(store_up_to)(j->out, at, n, x * open, j->dtype);
    }
    if (j->d_out) V(store_some)(j->d_gate, r, 1, vsplat(V(sum)(product) * open * (1 - open)), j->dtype);
  }
}

static void V(group_bias_task)(void *context, int64_t group, int worker) {
  (void)worker;
  const group_bias_job *j = context;
  for (int64_t r = j->offsets[group]; r < j->offsets[group + 1]; r++)
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t n = j->columns - c, at = r * j->columns + c;
      vf bias = V(load_up_to)(j->bias[group], c, n, APUS_F32) * (j->weights ? j->weights[r] : 1.0f);
      V(store_up_to)(j->x, at, n, V(load_up_to)(j->x, at, n, j->dtype) + bias, j->dtype);
    }
}
static void V(group_bias_backward_task)(void *context, int64_t group, int worker) {
  (void)worker;
  const group_bias_job *j = context;
  for (int64_t r = j->offsets[group]; r < j->offsets[group + 1]; r++) {
    vf product = vsplat(0);
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t n = j->columns - c;
      vf d = V(load_up_to)(j->x, r * j->columns + c, n, j->dtype);
      if (j->d_weights) product += d * V(load_up_to)(j->bias[group], c, n, APUS_F32);
      if (!j->d_bias[group]) continue;
      vf sum = V(load_up_to)(j->d_bias[group], c, n, APUS_F32) + d * (j->weights ? j->weights[r] : 1.0f);
      V(store_up_to)(j->d_bias[group], c, n, sum, APUS_F32);
    }
    if (j->d_weights) j->d_weights[r] += V(sum)(product);
  }
}
#endif
