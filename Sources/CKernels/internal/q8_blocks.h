// Weights in blocks of eight bits as they lie in memory: a panel holds 16 outputs; for each block of 32 inputs there are
// 16 scales in half precision, then 8 times four inputs of each output, [8][16][4], as bytes that are 128 too large.
#ifndef APUS_Q8_BLOCKS_H
#define APUS_Q8_BLOCKS_H
#include "apus_q8.h"

enum {
  q8_block = 32,
  q8_columns = 16,
  q8_scales_bytes = 2 * q8_columns,
  q8_record_bytes = q8_scales_bytes + q8_block * q8_columns,
  q8_bias = 128
};

static inline int64_t q8_panels(int64_t outputs) { return (outputs + q8_columns - 1) / q8_columns; }

/// Rounds a block to multiples of its scale, as ggml's Q8_0: the largest is 127 of them. Returns the scale.
float apus_q8_round_block(const float *x, int8_t *q);

#endif
