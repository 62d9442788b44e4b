#include "apus_linear_algebra.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { most_rounds = 60 };

// Reduces symmetric a to a tridiagonal matrix with diagonal d and e[i] between i and i + 1, by Householder reflections,
// whose product's rows become z.
static void tridiagonalize(int64_t n, double *a, double *d, double *e, double *z, double *u, double *p) {
  memset(z, 0, (size_t)(n * n) * sizeof(double));
  for (int64_t i = 0; i < n; i++) z[i * n + i] = 1;
  for (int64_t k = 0; k + 2 < n; k++) {
    double norm = 0;
    for (int64_t i = k + 1; i < n; i++) {
      u[i] = a[k * n + i];
      norm += u[i] * u[i];
    }
    norm = sqrt(norm);
    d[k] = a[k * n + k];
    e[k] = u[k + 1] > 0 ? -norm : norm;
    u[k + 1] -= e[k];
    double square = 0;
    for (int64_t i = k + 1; i < n; i++) square += u[i] * u[i];
    if (square == 0) continue;
    double beta = 2 / square, half = 0;
    // All by whole rows, which lie together in memory.
    for (int64_t i = k + 1; i < n; i++) p[i] = 0;
    for (int64_t j = k + 1; j < n; j++) {
      double factor = beta * u[j];
      const double *row = a + j * n;
      for (int64_t i = k + 1; i < n; i++) p[i] += factor * row[i];
    }
    for (int64_t i = k + 1; i < n; i++) half += u[i] * p[i];
    half *= beta / 2;
    for (int64_t i = k + 1; i < n; i++) p[i] -= half * u[i];
    for (int64_t j = k + 1; j < n; j++) {
      double uj = u[j], pj = p[j];
      double *row = a + j * n;
      for (int64_t i = k + 1; i < n; i++) row[i] -= uj * p[i] + pj * u[i];
    }
    for (int64_t i = 0; i < n; i++) p[i] = 0;
    for (int64_t j = k + 1; j < n; j++) {
      double factor = beta * u[j];
      const double *row = z + j * n;
      for (int64_t i = 0; i < n; i++) p[i] += factor * row[i];
    }
    for (int64_t j = k + 1; j < n; j++) {
      double *row = z + j * n;
      for (int64_t i = 0; i < n; i++) row[i] -= u[j] * p[i];
    }
  }
  for (int64_t k = n > 2 ? n - 2 : 0; k < n; k++) d[k] = a[k * n + k];
  if (n > 1) e[n - 2] = a[(n - 2) * n + n - 1];
  e[n - 1] = 0;
}

// One shift and chase of the implicit QL iteration on the part from `first` to `last`.
static void chase(int64_t n, int64_t first, int64_t last, double *d, double *e, double *z) {
  double g = (d[first + 1] - d[first]) / (2 * e[first]), r = hypot(g, 1);
  g = d[last] - d[first] + e[first] / (g + (g < 0 ? -r : r));
  double s = 1, c = 1, p = 0;
  for (int64_t i = last - 1; i >= first; i--) {
    double f = s * e[i], b = c * e[i];
    r = hypot(f, g);
    e[i + 1] = r;
    if (r == 0) {
      d[i + 1] -= p;
      e[last] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    r = (d[i] - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    double *low = z + i * n, *high = low + n;
    for (int64_t k = 0; k < n; k++) {
      double x = high[k], y = low[k];
      high[k] = s * y + c * x;
      low[k] = c * y - s * x;
    }
  }
  d[first] -= p;
  e[first] = g;
  e[last] = 0;
}

typedef struct {
  double value;
  int64_t row;
} eigenvalue;

static int larger_first(const void *a, const void *b) {
  const eigenvalue *x = a, *y = b;
  return x->value > y->value ? -1 : x->value < y->value ? 1 : x->row < y->row ? -1 : 1;
}

bool apus_eigenvectors(int64_t n, const float *matrix, float *rows) {
  if (n <= 0) return true;
  size_t square = (size_t)(n * n);
  double *a = malloc((2 * square + 4 * (size_t)n) * sizeof(double));
  eigenvalue *order = malloc((size_t)n * sizeof(eigenvalue));
  bool done = a && order;
  if (done) {
    double *z = a + square, *d = z + square, *e = d + n, *u = e + n, *p = u + n;
    for (size_t i = 0; i < square; i++) a[i] = matrix[i];
    tridiagonalize(n, a, d, e, z, u, p);
    for (int64_t first = 0; first < n && done; first++) {
      for (int round = 0;; round++) {
        int64_t last = first;
        while (last < n - 1 && fabs(e[last]) > 1e-16 * (fabs(d[last]) + fabs(d[last + 1]))) last++;
        if (last == first) break;
        if (round == most_rounds) {
          done = false;
          break;
        }
        chase(n, first, last, d, e, z);
      }
    }
    for (int64_t i = 0; i < n; i++) {
      order[i] = (eigenvalue){d[i], i};
      // No comparison above stops at what is no number.
      done = done && isfinite(d[i]);
    }
    qsort(order, (size_t)n, sizeof(eigenvalue), larger_first);
    for (int64_t i = 0; i < n && done; i++)
      for (int64_t k = 0; k < n; k++) rows[i * n + k] = (float)z[order[i].row * n + k];
  }
  free(a);
  free(order);
  return done;
}
