// RMSNorm inside each head (QK-norm): rows of heads, one weight of a head's width.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/head_norm.c"
#include "apus_norm.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, heads, dim, stride;
  const void *x, *d_out;
  const float *weight, *rstd;
  float epsilon;
  void *out;
  float *rstd_out, *partial;
  apus_dtype dtype;
} head_norm_job;
#include "for_each_variant.h"

void apus_head_norm(int64_t rows, int64_t heads, int64_t dim, int64_t stride, const void *x, const float *weight,
                    float epsilon, void *out, float *rstd, apus_dtype dtype) {
  head_norm_job job = {rows, heads, dim, stride, x, NULL, weight, NULL, epsilon, out, rstd, NULL, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(head_norm_forward), &job);
}
void apus_head_norm_backward(int64_t rows, int64_t heads, int64_t dim, int64_t stride, const void *x,
                             const float *weight, const float *rstd, const void *d_out, void *d_x, float *d_weight,
                             apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  float *partial = d_weight ? apus_workspace(5, (size_t)(chunks * dim) * 4) : NULL;
  head_norm_job job = {rows, heads, dim, stride, x, d_out, weight, rstd, 0, d_x, NULL, partial, dtype};
  apus_parallel(chunks, CHOOSE(head_norm_backward), &job);
  if (d_weight) apus_add_partial_rows(partial, chunks, dim, d_weight);
}

#else

#define LOAD(p, i) V(load_up_to)(p, i, left, j->dtype)
#define STORE(p, i, v) V(store_up_to)(p, i, left, v, j->dtype)
#define FLOATS(p, c) V(load_up_to)(p, c, left, APUS_F32)
#define EACH_HEAD                                                                                                      \
  const head_norm_job *j = context;                                                                                    \
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;     \
  for (int64_t r = row0; r < row1; r++)                                                                                \
    for (int64_t h = 0, at = r * j->stride; h < j->heads; h++, at += j->dim)

static void V(head_norm_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
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
      vf v = LOAD(j->x, at + c) * scale * FLOATS(j->weight, c);
      STORE(j->out, at + c, v);
    }
  }
}
static void V(head_norm_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const head_norm_job *own = context;
  float *partial = own->partial ? own->partial + chunk * own->dim : NULL;
  if (partial) memset(partial, 0, (size_t)own->dim * 4);
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
      dot += g * FLOATS(j->weight, c) * n;
    }
    float mean = V(sum)(dot) / (float)j->dim;
    for (int64_t c = 0; c < j->dim; c += 16) {
      int64_t left = j->dim - c;
      vf n = LOAD(j->x, at + c) * rstd, g = LOAD(j->d_out, at + c) * FLOATS(j->weight, c);
      vf d = (g - n * mean) * rstd;
      STORE(j->out, at + c, d);
    }
  }
}
#undef LOAD
#undef STORE
#undef FLOATS
#undef EACH_HEAD
#endif
