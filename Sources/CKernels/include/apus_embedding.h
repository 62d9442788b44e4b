#ifndef APUS_EMBEDDING_H
#define APUS_EMBEDDING_H
#include "apus_base.h"

/// out `[tokens, columns]` = `scale` times rows of `table` (f32 master weights), rounded to `dtype`. Ids must be in range.
void apus_embedding(int64_t tokens, int64_t columns, const int32_t *ids, const float *table, float scale, void *out,
                    apus_dtype dtype);
/// d_table[ids[t]] += `scale` times d_out[t], in the order of the tokens.
void apus_embedding_backward(int64_t tokens, int64_t columns, const int32_t *ids, const void *d_out, float scale,
                             float *d_table, apus_dtype dtype);
#endif
