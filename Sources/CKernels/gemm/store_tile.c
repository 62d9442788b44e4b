// Writes the part of a register tile that exists, scaled, in C's type.
#ifndef APUS_BODY
#define SOURCE_FILE "../gemm/store_tile.c"
#include "store_tile.h"
#include "for_each_variant.h"

apus_store_function apus_store_tile_function(void) { return CHOOSE(store_tile); }

#else

static void V(store_tile)(const float *tile, int64_t tile_stride, void *c, apus_dtype c_dtype, int64_t c_stride,
                          int64_t rows, int64_t columns, bool accumulate, float scale) {
  for (int64_t i = 0; i < rows; i++, tile += tile_stride) {
    int64_t j = 0;
    for (; j + 16 <= columns; j += 16) {
      vf v = V(load)(tile, j, APUS_F32) * scale;
      if (accumulate) v += V(load)(c, i * c_stride + j, APUS_F32);
      V(store)(c, i * c_stride + j, v, c_dtype);
    }
    int rest = (int)(columns - j);
    if (rest > 0) {
      vf v = V(load_some)(tile, j, rest, APUS_F32) * scale;
      if (accumulate) v += V(load_some)(c, i * c_stride + j, rest, APUS_F32);
      V(store_some)(c, i * c_stride + j, rest, v, c_dtype);
    }
  }
}
#endif
