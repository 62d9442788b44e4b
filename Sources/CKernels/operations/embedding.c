#ifndef APUS_BODY
#define SOURCE_FILE "../operations/embedding.c"
#include "apus_embedding.h"
#include "row_sums.h"
typedef struct {
  int64_t tokens, columns;
  const int32_t *ids;
  const void *from;
  void *to;
  float scale;
  apus_dtype dtype;
} embedding_job;
enum { column_block = 64 };
#include "for_each_variant.h"

void apus_embedding(int64_t tokens, int64_t columns, const int32_t *ids, const float *table, float scale, void *out,
                    apus_dtype dtype) {
  embedding_job job = {tokens, columns, ids, table, out, scale, dtype};
  apus_parallel(apus_row_chunks(tokens), CHOOSE(embedding_rows), &job);
}
void apus_embedding_backward(int64_t tokens, int64_t columns, const int32_t *ids, const void *d_out, float scale,
                             float *d_table, apus_dtype dtype) {
  embedding_job job = {tokens, columns, ids, d_out, d_table, scale, dtype};
  apus_parallel((columns + column_block - 1) / column_block, CHOOSE(embedding_columns), &job);
}

#else

static void V(embedding_rows)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const embedding_job *j = context;
  int64_t row0 = chunk * ROWS_PER_CHUNK, row1 = row0 + ROWS_PER_CHUNK < j->tokens ? row0 + ROWS_PER_CHUNK : j->tokens;
  for (int64_t t = row0; t < row1; t++) {
    const float *row = (const float *)j->from + (int64_t)j->ids[t] * j->columns;
    for (int64_t c = 0; c < j->columns; c += 16) {
      int n = j->columns - c < 16 ? (int)(j->columns - c) : 16;
      V(store_up_to)(j->to, t * j->columns + c, n, V(load_up_to)(row, c, n, APUS_F32) * j->scale, j->dtype);
    }
  }
}
// A task owns a block of columns and goes through all tokens, so equal ids add up in one order.
static void V(embedding_columns)(void *context, int64_t block, int worker) {
  (void)worker;
  const embedding_job *j = context;
  int64_t c0 = block * column_block, c1 = c0 + column_block < j->columns ? c0 + column_block : j->columns;
  for (int64_t t = 0; t < j->tokens; t++) {
    float *row = (float *)j->to + (int64_t)j->ids[t] * j->columns;
    for (int64_t c = c0; c < c1; c += 16) {
      int n = c1 - c < 16 ? (int)(c1 - c) : 16;
      vf sum = V(load_up_to)(row, c, n, APUS_F32) + V(load_up_to)(j->from, t * j->columns + c, n, j->dtype) * j->scale;
      V(store_up_to)(row, c, n, sum, APUS_F32);
    }
  }
}
#endif
