// RMSNorm inside each head (QK-norm): rows of heads, one weight of a head's width.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/head_norm.c"
#include "apus_norm.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, heads, dim, stride;
  const void *x, *d_out;
  const float *weight, *rstd;
  bool one_plus;
  float epsilon;
  void *out;
  float *rstd_out, *partial;
  apus_dtype dtype;
} head_norm_job;
#include "for_each_variant.h"

void apus_head_norm(int64_t rows, int64_t heads, int64_t dim, int64_t stride, const void *x, const float *weight,
                    bool one_plus, float epsilon, void *out, float *rstd, apus_dtype dtype) {
  head_norm_job job = {rows, heads, dim, stride, x, NULL, weight, NULL, one_plus, epsilon, out, rstd, NULL, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(head_norm_forward), &job);
}
void apus_head_norm_backward(int64_t rows, int64_t heads, int64_t dim, int64_t stride, const void *x,
                             const float *weight, bool one_plus, const float *rstd, const void *d_out, void *d_x,
                             float *d_weight, apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  float *partial = d_weight ? apus_workspace(5, (size_t)(chunks * dim) * 4) : NULL;
  head_norm_job job = {rows, heads, dim, stride, x, d_out, weight, rstd, one_plus, 0, d_x, NULL, partial, dtype};
  apus_parallel(chunks, CHOOSE(head_norm_backward), &job);
  if (d_weight) apus_add_partial_rows(partial, chunks, dim, d_weight);
}

#else

#define LOAD(p, i) V(load_up_to)(p, i, left, j->dtype)
#define STORE(p, i, v) V(store_up_to)(p, i, left, v, j->dtype)
#define FLOATS(p, c) V(load_up_to)(p, c, left, APUS_F32)
#define WEIGHT(c) V(weight)(j->weight, c, left, one_plus)
#define EACH_HEAD                                                                                                      \
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;     \
  for (int64_t r = row0; r < row1; r++)                                                                                \
    for (int64_t h = 0, at = r * j->stride; h < j->heads; h++, at += j->dim)

INLINE void V(head_norm_forward_rows)(const head_norm_job *j, int64_t chunk, const bool one_plus) {
  EACH_HEAD {
    vf squares = {0};
    for (int64_t c = 0; c < j->dim; c += 16) {
      int64_t left = j->dim - c;
      vf v = LOAD(j->x, at + c);
      squares += v * v;
    }
    float scale = 1 / sqrtf(V(sum)(squares) / (float)j->dim + j->epsilon);
    j->rstd_out[r * j->heads + h] = scale;
    for (int64_t c = 0; c < j->dim; c += 16) {
      int64_t left = j->dim - c;
      vf v = LOAD(j->x, at + c) * scale * WEIGHT(c);
      STORE(j->out, at + c, v);
    }
  }
}
static void V(head_norm_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const head_norm_job *j = context;
  if (j->one_plus) V(head_norm_forward_rows)(j, chunk, true);
  else V(head_norm_forward_rows)(j, chunk, false);
}
INLINE void V(head_norm_backward_rows)(const head_norm_job *j, int64_t chunk, const bool one_plus) {
  float *partial = j->partial ? j->partial + chunk * j->dim : NULL;
  if (partial) memset(partial, 0, (size_t)j->dim * 4);
  EACH_HEAD {
    float rstd = j->rstd[r * j->heads + h];
    vf dot = {0};
    for (int64_t c = 0; c < j->dim; c += 16) {
      int64_t left = j->dim - c;
      vf n = LOAD(j->x, at + c) * rstd, g = LOAD(j->d_out, at + c);
      if (partial) {
        vf p = FLOATS(partial, c) + g * n;
        V(store_up_to)(partial, c, left, p, APUS_F32);
      }
      dot += g * WEIGHT(c) * n;
    }
    float mean = V(sum)(dot) / (float)j->dim;
    for (int64_t c = 0; c < j->dim; c += 16) {
      int64_t left = j->dim - c;
      vf n = LOAD(j->x, at + c) * rstd, g = LOAD(j->d_out, at + c) * WEIGHT(c);
      vf d = (g - n * mean) * rstd;
      STORE(j->out, at + c, d);
    }
  }
}
static void V(head_norm_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const head_norm_job *j = context;
  if (j->one_plus) V(head_norm_backward_rows)(j, chunk, true);
  else V(head_norm_backward_rows)(j, chunk, false);
}
#undef LOAD
#undef STORE
#undef FLOATS
#undef WEIGHT
#undef EACH_HEAD
#endif
