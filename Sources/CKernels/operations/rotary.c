#ifndef APUS_BODY
#define SOURCE_FILE "../operations/rotary.c"
#include "apus_rotary.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, heads, dim, turned, stride;
  void *x;
  const int32_t *positions;
  const float *table;
  bool interleaved, inverse;
  apus_dtype dtype;
} rotary_job;
#include "for_each_variant.h"

void apus_rotary(int64_t rows, int64_t heads, int64_t dim, int64_t turned, int64_t stride, void *x,
                 const int32_t *positions, const float *table, bool interleaved, bool inverse, apus_dtype dtype) {
  rotary_job job = {rows, heads, dim, turned, stride, x, positions, table, interleaved, inverse, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(rotary_rows), &job);
}
void apus_rotary_reference(int64_t rows, int64_t heads, int64_t dim, int64_t turned, int64_t stride, void *x,
                           const int32_t *positions, const float *table, bool interleaved, bool inverse,
                           apus_dtype dtype) {
  int64_t half = turned / 2;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t h = 0; h < heads; h++)
      for (int64_t i = 0; i < half; i++) {
        double c = table[positions[r] * turned + i], s = table[positions[r] * turned + half + i];
        if (inverse) s = -s;
        int64_t at = r * stride + h * dim + (interleaved ? 2 * i : i), to = at + (interleaved ? 1 : half);
        uint16_t *b = x;
        float *f = x;
        double first = dtype == APUS_F32 ? f[at] : bf16_to_float(b[at]);
        double second = dtype == APUS_F32 ? f[to] : bf16_to_float(b[to]);
        double turned = first * c - second * s, other = second * c + first * s;
        if (dtype == APUS_F32) f[at] = (float)turned, f[to] = (float)other;
        else b[at] = float_to_bf16((float)turned), b[to] = float_to_bf16((float)other);
      }
}

#else

// Turns `n` pairs of neighbours.
INLINE void V(rotate_pairs)(void *x, int64_t at, int n, vf c, vf s, const apus_dtype type) {
  vf low = V(load_up_to)(x, at, 2 * n, type), high = {0};
  if (n > 8) high = V(load_up_to)(x, at + 16, 2 * n - 16, type);
  vf a = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  vf b = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  vf turned = a * c - b * s, other = b * c + a * s;
  low = __builtin_shufflevector(turned, other, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  high = __builtin_shufflevector(turned, other, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  V(store_up_to)(x, at, 2 * n, low, type);
  if (n > 8) V(store_up_to)(x, at + 16, 2 * n - 16, high, type);
}
INLINE void V(rotate)(const rotary_job *j, int64_t row0, int64_t row1, const apus_dtype type, const bool interleaved) {
  int64_t half = j->turned / 2;
  for (int64_t r = row0; r < row1; r++) {
    const float *cosines = j->table + (int64_t)j->positions[r] * j->turned, *sines = cosines + half;
    for (int64_t h = 0; h < j->heads; h++) {
      int64_t at = r * j->stride + h * j->dim;
      for (int64_t i = 0; i < half; i += 16) {
        int n = half - i < 16 ? (int)(half - i) : 16;
        vf c = V(load_up_to)(cosines, i, n, APUS_F32);
        vf s = V(load_up_to)(sines, i, n, APUS_F32);
        if (j->inverse) s = -s;
        if (interleaved) {
          V(rotate_pairs)(j->x, at + 2 * i, n, c, s, type);
          continue;
        }
        vf a = V(stream_up_to)(j->x, at + i, n, type);
        vf b = V(load_up_to)(j->x, at + half + i, n, type);
        vf turned = a * c - b * s, other = b * c + a * s;
        V(store_up_to)(j->x, at + i, n, turned, type);
        V(store_up_to)(j->x, at + half + i, n, other, type);
      }
    }
  }
}
static void V(rotary_rows)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const rotary_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->rows ? row0 + ROWS_PER_CHUNK : j->rows;
  if (j->dtype == APUS_F32 && !j->interleaved) V(rotate)(j, row0, row1, APUS_F32, false);
  else if (!j->interleaved) V(rotate)(j, row0, row1, APUS_BF16, false);
  else if (j->dtype == APUS_F32) V(rotate)(j, row0, row1, APUS_F32, true);
  else V(rotate)(j, row0, row1, APUS_BF16, true);
}
#endif
