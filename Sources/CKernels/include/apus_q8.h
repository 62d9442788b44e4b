#ifndef APUS_Q8_H
#define APUS_Q8_H
#include "apus_gemm.h"

/// Weights in blocks of 32 along the input, each block with a scale in half precision: what GGUF calls Q8_0. The least
/// bytes that a weight can have here, for generation, where reading the weights is all the work, and twice the rate of
/// bf16 for prompts where the processor multiplies bytes.

/// Bytes of packed weights `[outputs, inputs]`; inputs are a multiple of 32.
size_t apus_q8_packed_bytes(int64_t inputs, int64_t outputs);
/// Rounds weights `[outputs, inputs]` into `packed`.
void apus_q8_pack(int64_t inputs, int64_t outputs, const float *weight, void *packed);
/// Replaces each of `count` weights, a multiple of 32, by its rounded value.
void apus_q8_round(int64_t count, float *weight);
/// Rows up to which `apus_q8_linear` rounds inputs to sixteen bits everywhere.
enum { APUS_Q8_FINE_ROWS = 4 };
/// Rows up to which it multiplies bytes where there is a tile unit; more of them are multiplied as bf16.
enum { APUS_Q8_BYTE_ROWS = 32 };
/// y `[rows, outputs]` = x `[rows, inputs]` times the transpose of the packed weights. Inputs are rounded in blocks of
/// 32: to sixteen bits, which loses less than bf16 does, and those of more rows to eight bits, as llama.cpp does, where
/// the processor multiplies bytes (``apus_isa_has_avx512_bf16``), or to bf16, as the weights are, where it has a tile unit.
void apus_q8_linear(int64_t rows, int64_t inputs, int64_t outputs, const void *x, apus_dtype x_dtype, int64_t x_stride,
                    const void *packed, void *y, apus_dtype y_dtype, int64_t y_stride);
void apus_q8_linear_reference(int64_t rows, int64_t inputs, int64_t outputs, const void *x, apus_dtype x_dtype,
                              int64_t x_stride, const float *weight, void *y, apus_dtype y_dtype, int64_t y_stride);

#endif
