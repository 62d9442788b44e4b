#ifndef APUS_ELEMENTWISE_H
#define APUS_ELEMENTWISE_H
#include "apus_base.h"

/// out = a + b; out may be a or b.
void apus_add(int64_t count, const void *a, const void *b, void *out, apus_dtype dtype);
/// x `[rows, columns]` += bias `[columns]`.
void apus_add_bias(int64_t rows, int64_t columns, void *x, const float *bias, apus_dtype dtype);
/// d_bias `[columns]` += the sum over the rows of d_out.
void apus_bias_backward(int64_t rows, int64_t columns, const void *d_out, float *d_bias, apus_dtype dtype);
void apus_add_bias_reference(int64_t rows, int64_t columns, void *x, const float *bias, apus_dtype dtype);
/// Zeroes `bytes` bytes.
void apus_fill_zero(int64_t bytes, void *x);
/// out = x in another type, rounded to nearest even.
void apus_convert(int64_t count, const void *x, apus_dtype from, void *out, apus_dtype to);
/// out = e^x as attention takes it: for x <= 0 within 8 millionths where `compute` is bf16, for any x within two units in the
/// last place where it is float. out may be x.
void apus_exponential(int64_t count, const float *x, float *out, apus_dtype compute);
#endif
