#ifndef APUS_BODY
#define SOURCE_FILE "../operations/orthonormal.c"
#include "apus_linear_algebra.h"
#include "apus_pool.h"
typedef struct {
  int64_t size, first, end;  // the rows that are taken out
  float *rows;
} orthonormal_job;
enum { rows_per_task = 16, rows_at_once = 32 };
#include "for_each_variant.h"

static double norm_of(const float *x, int64_t size) {
  double sum = 0;
  for (int64_t i = 0; i < size; i++) sum += (double)x[i] * x[i];
  return sqrt(sum);
}
static void scale(float *x, int64_t size, double factor) {
  for (int64_t i = 0; i < size; i++) x[i] = (float)(x[i] * factor);
}
// Takes the rows before `row` out of it and returns what is left of its length.
static double project(float *rows, int64_t size, int64_t row) {
  CHOOSE(take_out)(rows, size, 0, row, row);
  return norm_of(rows + row * size, size);
}
// A unit vector at right angles to the rows before `row`: of the axes from `axis` on the first that is not among what
// they span. Those before were, and stay so.
static void replace(float *rows, int64_t size, int64_t row, int64_t *axis) {
  float *x = rows + row * size;
  while (*axis < size) {
    memset(x, 0, (size_t)size * sizeof(float));
    x[(*axis)++] = 1;
    double norm = project(rows, size, row);
    // Some axis keeps at least its share of what is not spanned.
    if (norm * norm * (double)size < 0.5) continue;
    scale(x, size, 1 / norm);
    norm = project(rows, size, row);
    scale(x, size, 1 / norm);
    return;
  }
}
// Makes a row that is all but spanned by those before it a unit vector: by what is left of it where that is no rounding.
static void straighten(float *rows, int64_t size, int64_t row, double norm, int64_t *axis) {
  float *x = rows + row * size;
  if (norm > 1e-30) {
    scale(x, size, 1 / norm);
    norm = project(rows, size, row);
    if (norm > 0.5) {
      scale(x, size, 1 / norm);
      return;
    }
  }
  replace(rows, size, row, axis);
}

void apus_orthonormalize(int64_t size, float *rows) {
  // Rounding leaves rows at nearly right angles; a second pass finds little to do.
  for (int pass = 0; pass < 2; pass++) {
    int64_t axis = 0;
    for (int64_t row = 0; row < size; row++) {
      double norm = norm_of(rows + row * size, size);
      if (norm > 1e-30 && norm < 1e30) scale(rows + row * size, size, 1 / norm);
      else memset(rows + row * size, 0, (size_t)size * sizeof(float));
    }
    // Some rows one after another; then all of them are taken out of every later row at once.
    for (int64_t first = 0; first < size; first += rows_at_once) {
      int64_t end = first + rows_at_once < size ? first + rows_at_once : size;
      for (int64_t row = first; row < end; row++) {
        CHOOSE(take_out)(rows, size, first, row, row);
        double norm = norm_of(rows + row * size, size);
        if (norm > 1e-2) scale(rows + row * size, size, 1 / norm);
        else straighten(rows, size, row, norm, &axis);
      }
      orthonormal_job job = {size, first, end, rows};
      apus_parallel((size - end + rows_per_task - 1) / rows_per_task, CHOOSE(orthonormal_task), &job);
    }
  }
}

#else

// Takes the rows from `first` to `end` out of row `r`.
static void V(take_out)(float *rows, int64_t size, int64_t first, int64_t end, int64_t r) {
  float *x = rows + r * size;
  for (int64_t row = first; row < end; row++) {
    const float *q = rows + row * size;
    vf sum = {0};
    for (int64_t i = 0; i < size; i += 16)
      sum += V(load_up_to)(q, i, size - i, APUS_F32) * V(load_up_to)(x, i, size - i, APUS_F32);
    float dot = V(sum)(sum);
    for (int64_t i = 0; i < size; i += 16) {
      vf rest = V(load_up_to)(x, i, size - i, APUS_F32) - V(load_up_to)(q, i, size - i, APUS_F32) * dot;
      V(store_up_to)(x, i, size - i, rest, APUS_F32);
    }
  }
}
// Takes the job's rows out of some of those after them.
static void V(orthonormal_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const orthonormal_job *j = context;
  int64_t from = j->end + task * rows_per_task;
  int64_t to = from + rows_per_task < j->size ? from + rows_per_task : j->size;
  for (int64_t r = from; r < to; r++) V(take_out)(j->rows, j->size, j->first, j->end, r);
}
#endif
