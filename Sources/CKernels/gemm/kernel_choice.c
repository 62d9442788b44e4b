// Which tile a product takes: the only place that knows all of them.
#include "gemm_kernels.h"

#if defined(__x86_64__)
static const apus_gemm_kernel *amx(void) { return apus_isa_is_emulated() ? &apus_bf16_amx_emulated : &apus_bf16_amx; }
#define CHOOSE(size)                                                                                                   \
  switch (apus_isa_current()) {                                                                                        \
  case APUS_ISA_AMX: return compute == APUS_BF16 ? amx() : &apus_float_##size##_avx512;                                \
  case APUS_ISA_AVX512:                                                                                                \
    if (compute == APUS_F32) return &apus_float_##size##_avx512;                                                       \
    return apus_isa_has_avx512_bf16() ? &apus_bf16_##size##_avx512 : &apus_rounded_##size##_avx512;                    \
  case APUS_ISA_AVX2: return compute == APUS_F32 ? &apus_float_##size##_avx2 : &apus_rounded_##size##_avx2;            \
  default: return compute == APUS_F32 ? &apus_float_##size##_portable : &apus_rounded_##size##_portable;               \
  }
#else
#define CHOOSE(size) return compute == APUS_F32 ? &apus_float_##size##_portable : &apus_rounded_##size##_portable;
#endif

const apus_gemm_kernel *apus_gemm_kernel_for(apus_dtype compute) { CHOOSE(large) }

const apus_gemm_kernel *apus_attention_kernel_for(apus_dtype compute) { CHOOSE(small) }
