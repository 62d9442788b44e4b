#ifndef APUS_STORE_TILE_H
#define APUS_STORE_TILE_H
#include "apus_base.h"

/// C `[rows, columns]` = (C if accumulate; f32 only) + scale * tile.
typedef void (*apus_store_function)(const float *tile, int64_t tile_stride, void *c, apus_dtype c_dtype,
                                    int64_t c_stride, int64_t rows, int64_t columns, bool accumulate, float scale);
apus_store_function apus_store_tile_function(void);
#endif
