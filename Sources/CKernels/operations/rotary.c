#ifndef APUS_BODY
#define SOURCE_FILE "../operations/rotary.c"
#include "apus_rotary.h"
#include "row_sums.h"
typedef struct {
  int64_t rows, heads, dim, stride;
  void *x;
  const int32_t *positions;
  const float *table;
  bool inverse;
  apus_dtype dtype;
} rotary_job;
#include "for_each_variant.h"

void apus_rotary(int64_t rows, int64_t heads, int64_t dim, int64_t stride, void *x, const int32_t *positions,
                 const float *table, bool inverse, apus_dtype dtype) {
  rotary_job job = {rows, heads, dim, stride, x, positions, table, inverse, dtype};
  apus_parallel(apus_row_chunks(rows), CHOOSE(rotary_rows), &job);
}
void apus_rotary_reference(int64_t rows, int64_t heads, int64_t dim, int64_t stride, void *x, const int32_t *positions,
                           const float *table, bool inverse, apus_dtype dtype) {
  int64_t half = dim / 2;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t h = 0; h < heads; h++)
      for (int64_t i = 0; i < half; i++) {
        double c = table[positions[r] * dim + i], s = table[positions[r] * dim + half + i];
        if (inverse) s = -s;
        int64_t at = r * stride + h * dim + i;
        uint16_t *b = x;
        float *f = x;
        double first = dtype == APUS_F32 ? f[at] : bf16_to_float(b[at]);
        double second = dtype == APUS_F32 ? f[at + half] : bf16_to_float(b[at + half]);
        double turned = first * c - second * s, other = second * c + first * s;
        if (dtype == APUS_F32) f[at] = (float)turned, f[at + half] = (float)other;
        else b[at] = float_to_bf16((float)turned), b[at + half] = float_to_bf16((float)other);
      }
}

#else

INLINE void V(rotate)(const rotary_job *j, int64_t row0, int64_t row1, const apus_dtype type) {
  int64_t half = j->dim / 2;
  for (int64_t r = row0; r < row1; r++) {
    const float *cosines = j->table + (int64_t)j->positions[r] * j->dim, *sines = cosines + half;
    for (int64_t h = 0; h < j->heads; h++) {
      int64_t at = r * j->stride + h * j->dim;
      for (int64_t i = 0; i < half; i += 16) {
        int n = half - i < 16 ? (int)(half - i) : 16;
        vf c = V(load_up_to)(cosines, i, n, APUS_F32);
        vf s = V(load_up_to)(sines, i, n, APUS_F32);
        if (j->inverse) s = -s;
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
  if (j->dtype == APUS_F32) V(rotate)(j, row0, row1, APUS_F32);
  else V(rotate)(j, row0, row1, APUS_BF16);
}
#endif
