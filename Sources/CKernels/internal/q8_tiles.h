#ifndef APUS_Q8_TILES_H
#define APUS_Q8_TILES_H
#include "apus_gemm.h"

/// `apus_q8_linear` in bf16, for the tile unit.
void apus_q8_linear_by_tiles(int64_t rows, int64_t inputs, int64_t outputs, apus_matrix x, const void *packed, void *y,
                             apus_dtype y_dtype, int64_t y_stride);

#endif
