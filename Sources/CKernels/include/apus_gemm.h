#ifndef APUS_GEMM_H
#define APUS_GEMM_H
#include "apus_base.h"

/// A matrix somewhere in memory: element (i, j) lies at `data[i * row_stride + j * column_stride]`.
typedef struct {
  const void *data;
  apus_dtype dtype;
  int64_t row_stride, column_stride;
} apus_matrix;

/// Elements from one row to the next of a left operand `[rows, columns]` at which its rows are read where they lie:
/// some more than `columns` where rows would fall into the same few sets of a cache.
int64_t apus_gemm_row_stride(apus_dtype compute, int64_t columns);
/// Bytes of the packed form of a right operand `[depth, columns]` for products computed in `compute`.
size_t apus_gemm_packed_bytes(apus_dtype compute, int64_t depth, int64_t columns);
/// Packs a right operand `[depth, columns]`, rounding to `compute` where that is narrower, for the current variant.
/// `packed` is 64-byte aligned.
void apus_gemm_pack(apus_dtype compute, int64_t depth, int64_t columns, apus_matrix right, void *packed);

/// C `[rows, columns]` = (C if `accumulate`) + `scale` * A `[rows, depth]` * B `[depth, columns]`, B packed before.
/// Products are taken in `compute`, sums in float; the order of every sum depends on the shape and the variant only.
/// `accumulate` needs an f32 C. C is row-major with row stride `c_stride` and must not overlap A.
void apus_gemm(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left, const void *packed,
               void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate, float scale);

/// y `[rows, outputs]` = x `[rows, inputs]` * Wᵀ, W packed before as a right operand `[inputs, outputs]`, and x packed as
/// the right operand `[rows, inputs]` that the backward pass needs, while it is in the cache.
void apus_linear(apus_dtype compute, int64_t rows, int64_t inputs, int64_t outputs, apus_matrix x,
                 const void *packed_weight, void *y, apus_dtype y_dtype, void *packed_x);
/// The backward pass of y = x * Wᵀ: d_in `[rows, inputs]` = d_out `[rows, outputs]` * W `[outputs, inputs]`, and
/// d_weight `[outputs, inputs]` = (d_weight if `accumulate`) + d_outᵀ * x `[rows, inputs]`, W and x packed before as
/// right operands. The same bits as two products, but d_out is fetched once for both. Where `packed_weight` is NULL,
/// `weight` is packed a block of outputs at a time: a large one is then not in memory twice.
void apus_linear_backward(apus_dtype compute, int64_t rows, int64_t outputs, int64_t inputs, apus_matrix d_out,
                          const void *packed_weight, apus_matrix weight, void *d_in, apus_dtype d_in_dtype,
                          const void *packed_in, float *d_weight, bool accumulate);

/// What is done with a finished block of A * B while it is in the cache: `strip` holds `[rows, columns]` of it from
/// (row0, column0) on, row stride `stride`, and may be overwritten. Called on any thread, once for each block.
typedef void (*apus_epilogue)(const void *context, int64_t row0, int64_t rows, int64_t column0, int64_t columns,
                              float *strip, int64_t stride);
/// A `[rows, depth]` * B `[depth, columns]`, B packed before, in blocks of `strip_columns` columns (a multiple of 32)
/// that go to `epilogue` and are never all in memory. Which rows share a block depends on the shape and the variant.
void apus_gemm_epilogue(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                        const void *packed, int64_t strip_columns, apus_epilogue epilogue, const void *context);

/// The plain definition of `apus_gemm` with an unpacked right operand, summed in double: what the others are held to.
void apus_gemm_reference(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                         apus_matrix right, void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate,
                         float scale);
#endif
