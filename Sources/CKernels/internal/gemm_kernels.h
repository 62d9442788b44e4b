#ifndef APUS_GEMM_KERNELS_H
#define APUS_GEMM_KERNELS_H
#include "gemm_kernel.h"
extern const apus_gemm_kernel apus_float_large_portable, apus_float_small_portable;
extern const apus_gemm_kernel apus_rounded_large_portable, apus_rounded_small_portable;
extern const apus_gemm_kernel apus_float_large_avx2, apus_float_small_avx2;
extern const apus_gemm_kernel apus_rounded_large_avx2, apus_rounded_small_avx2;
extern const apus_gemm_kernel apus_float_large_avx512, apus_float_small_avx512;
extern const apus_gemm_kernel apus_rounded_large_avx512, apus_rounded_small_avx512;
extern const apus_gemm_kernel apus_bf16_large_avx512, apus_bf16_small_avx512;
extern const apus_gemm_kernel apus_bf16_amx, apus_bf16_amx_emulated;
// Few rows of a left operand where it lies, which more than one kernel takes.
#if defined(__x86_64__)
void apus_direct_4_avx512(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c, int64_t c_stride,
                          bool accumulate);
void apus_direct_1_avx512(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c, int64_t c_stride,
                          bool accumulate);
#endif
#endif
