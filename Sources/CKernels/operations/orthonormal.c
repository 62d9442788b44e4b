#ifndef APUS_BODY
#define SOURCE_FILE "../operations/orthonormal.c"
#include "apus_linear_algebra.h"
#include "apus_pool.h"
typedef struct {
  int64_t size, row;
  float *rows;
} orthonormal_job;
enum { rows_per_task = 16 };
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
  float *x = rows + row * size;
  for (int64_t before = 0; before < row; before++) {
    const float *q = rows + before * size;
    double dot = 0;
    for (int64_t i = 0; i < size; i++) dot += (double)q[i] * x[i];
    for (int64_t i = 0; i < size; i++) x[i] = (float)(x[i] - dot * q[i]);
  }
  return norm_of(x, size);
}
// A unit vector at right angles to the rows before `row`: of the axes the first that is not among what they span.
static void replace(float *rows, int64_t size, int64_t row) {
  float *x = rows + row * size;
  for (int64_t axis = 0; axis < size; axis++) {
    memset(x, 0, (size_t)size * sizeof(float));
    x[axis] = 1;
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
static void straighten(float *rows, int64_t size, int64_t row, double norm) {
  float *x = rows + row * size;
  if (norm > 1e-30) {
    scale(x, size, 1 / norm);
    norm = project(rows, size, row);
    if (norm > 0.5) {
      scale(x, size, 1 / norm);
      return;
    }
  }
  replace(rows, size, row);
}

void apus_orthonormalize(int64_t size, float *rows) {
  // Rounding leaves rows at nearly right angles; a second pass finds little to do.
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t row = 0; row < size; row++) {
      double norm = norm_of(rows + row * size, size);
      if (norm > 1e-30 && norm < 1e30) scale(rows + row * size, size, 1 / norm);
      else memset(rows + row * size, 0, (size_t)size * sizeof(float));
    }
    for (int64_t row = 0; row < size; row++) {
      double norm = norm_of(rows + row * size, size);
      if (norm > 1e-2) scale(rows + row * size, size, 1 / norm);
      else straighten(rows, size, row, norm);
      orthonormal_job job = {size, row, rows};
      apus_parallel((size - row - 1 + rows_per_task - 1) / rows_per_task, CHOOSE(orthonormal_task), &job);
    }
  }
}

#else

// Takes the job's row out of some of those after it.
static void V(orthonormal_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const orthonormal_job *j = context;
  const float *q = j->rows + j->row * j->size;
  int64_t first = j->row + 1 + task * rows_per_task;
  int64_t end = first + rows_per_task < j->size ? first + rows_per_task : j->size;
  for (int64_t r = first; r < end; r++) {
    float *x = j->rows + r * j->size;
    vf sum = {0};
    for (int64_t i = 0; i < j->size; i += 16)
      sum += V(load_up_to)(q, i, j->size - i, APUS_F32) * V(load_up_to)(x, i, j->size - i, APUS_F32);
    float dot = V(sum)(sum);
    for (int64_t i = 0; i < j->size; i += 16) {
      int64_t left = j->size - i;
      V(store_up_to)(x, i, left, V(load_up_to)(x, i, left, APUS_F32) - V(load_up_to)(q, i, left, APUS_F32) * dot, APUS_F32);
    }
  }
}
#endif
