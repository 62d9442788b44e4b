#ifndef APUS_BODY
#define SOURCE_FILE "../operations/rms_norm.c"
#include "apus_norm.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, columns;
  const void *x, *delta, *d_out, *d_residual;
  const float *weight, *rstd;
  bool one_plus;
  float epsilon;
  void *sum, *out;
  float *rstd_out, *partial;
  apus_dtype dtype;
} rms_job;
#include "for_each_variant.h"

void apus_rms_norm(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight, bool one_plus,
                   float epsilon, void *sum, void *out, float *rstd, apus_dtype dtype) {
  rms_job job = {rows, columns, x, delta, NULL, NULL, weight, NULL, one_plus, epsilon, sum, out, rstd, NULL, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(rms_forward), &job);
}
void apus_rms_norm_backward(int64_t rows, int64_t columns, const void *sum, const float *weight, bool one_plus,
                            const float *rstd, const void *d_out, const void *d_residual, void *d_sum,
                            float *d_weight, apus_dtype dtype) {
  int64_t chunks = apus_row_chunks(rows);
  float *partial = d_weight ? apus_workspace(5, (size_t)(chunks * columns) * 4) : NULL;
  rms_job job = {rows, columns, sum, NULL, d_out, d_residual, weight, rstd, one_plus, 0, NULL, d_sum, NULL, partial,
                 dtype};
  apus_parallel(chunks, CHOOSE(rms_backward), &job);
  if (d_weight) apus_add_partial_rows(partial, chunks, columns, d_weight);
}
void apus_rms_norm_reference(int64_t rows, int64_t columns, const void *x, const void *delta, const float *weight,
                             bool one_plus, float epsilon, void *sum, void *out, float *rstd, apus_dtype dtype) {
#define GET(p, i) (dtype == APUS_F32 ? ((const float *)(p))[i] : bf16_to_float(((const uint16_t *)(p))[i]))
#define PUT(p, i, v)                                                                                                   \
  if (dtype == APUS_F32) ((float *)(p))[i] = (float)(v);                                                               \
  else ((uint16_t *)(p))[i] = float_to_bf16((float)(v))
  for (int64_t r = 0; r < rows; r++) {
    double squares = 0;
    for (int64_t c = 0; c < columns; c++) {
      int64_t i = r * columns + c;
      if (delta) {
        PUT(sum, i, (double)GET(x, i) + GET(delta, i));
      }
      double v = delta ? GET(sum, i) : GET(x, i);
      squares += v * v;
    }
    double scale = 1 / sqrt(squares / (double)columns + epsilon);
    rstd[r] = (float)scale;
    for (int64_t c = 0; c < columns; c++) {
      int64_t i = r * columns + c;
      PUT(out, i, (delta ? GET(sum, i) : GET(x, i)) * scale * ((double)weight[c] + one_plus));
    }
  }
}

#else

// Loads sixteen or the last few.
#define LOAD(p, i) V(load_up_to)(p, i, left, type)
#define STREAM(p, i) V(stream_up_to)(p, i, left, type)
#define STORE(p, i, v) V(store_up_to)(p, i, left, v, type)
#define WEIGHT(c) V(weight)(j->weight, c, left, one_plus)

INLINE void V(rms_forward_rows)(const rms_job *j, int64_t row0, int64_t row1, const apus_dtype type,
                                const bool one_plus) {
  for (int64_t r = row0; r < row1; r++) {
    int64_t at = r * j->columns;
    vf squares = {0};
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = STREAM(j->x, at + c);
      if (j->delta) {
        v += STREAM(j->delta, at + c);
        STORE(j->sum, at + c, v);
        // The stored sum, rounded, is what the later layers and the backward pass see.
        v = LOAD(j->sum, at + c);
      }
      squares += v * v;
    }
    float scale = 1 / sqrtf(V(sum)(squares) / (float)j->columns + j->epsilon);
    j->rstd_out[r] = scale;
    const void *from = j->delta ? j->sum : j->x;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf v = LOAD(from, at + c) * scale * WEIGHT(c);
      STORE(j->out, at + c, v);
    }
  }
}
static void V(rms_forward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const rms_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  if (j->dtype == APUS_F32 && j->one_plus) V(rms_forward_rows)(j, row0, row1, APUS_F32, true);
  else if (j->dtype == APUS_F32) V(rms_forward_rows)(j, row0, row1, APUS_F32, false);
  else if (j->one_plus) V(rms_forward_rows)(j, row0, row1, APUS_BF16, true);
  else V(rms_forward_rows)(j, row0, row1, APUS_BF16, false);
}

// With n = sum * rstd and g = d_out * weight (1 + weight if `one_plus`): d_sum = rstd * (g - n * mean(g * n)).
INLINE void V(rms_backward_rows)(const rms_job *j, int64_t row0, int64_t row1, float *partial, const apus_dtype type,
                                 const bool one_plus) {
  for (int64_t r = row0; r < row1; r++) {
    int64_t at = r * j->columns;
    float rstd = j->rstd[r];
    vf dot = {0};
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf n = STREAM(j->x, at + c) * rstd, g = STREAM(j->d_out, at + c);
      if (partial) {
        vf p = V(load_up_to)(partial, c, left, APUS_F32) + g * n;
        V(store_up_to)(partial, c, left, p, APUS_F32);
      }
      dot += g * WEIGHT(c) * n;
    }
    float mean = V(sum)(dot) / (float)j->columns;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int64_t left = j->columns - c;
      vf n = LOAD(j->x, at + c) * rstd, g = LOAD(j->d_out, at + c) * WEIGHT(c);
      vf d = (g - n * mean) * rstd;
      if (j->d_residual) d += STREAM(j->d_residual, at + c);
      STORE(j->out, at + c, d);
    }
  }
}
static void V(rms_backward)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const rms_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  float *partial = j->partial ? j->partial + chunk * j->columns : NULL;
  if (partial) memset(partial, 0, (size_t)j->columns * 4);
  if (j->dtype == APUS_F32 && j->one_plus) V(rms_backward_rows)(j, row0, row1, partial, APUS_F32, true);
  else if (j->dtype == APUS_F32) V(rms_backward_rows)(j, row0, row1, partial, APUS_F32, false);
  else if (j->one_plus) V(rms_backward_rows)(j, row0, row1, partial, APUS_BF16, true);
  else V(rms_backward_rows)(j, row0, row1, partial, APUS_BF16, false);
}
#undef LOAD
#undef STREAM
#undef STORE
#undef WEIGHT
#endif
