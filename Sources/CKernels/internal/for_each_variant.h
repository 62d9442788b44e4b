// Includes SOURCE_FILE once for every instruction set that this build can have, with VARIANT set and APUS_BODY
// defined. The file puts its body under `#ifdef APUS_BODY` and its dispatch under `#else`.
#include "vector.h"
#define APUS_BODY

// Vectors wider than the target's registers never cross a call that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

#define VARIANT portable
#include "body.h"
#include SOURCE_FILE
#undef VARIANT

#if defined(__x86_64__)

#define VARIANT avx2
#define REGISTERS_OF_EIGHT
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
#include "body.h"
#include SOURCE_FILE
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef REGISTERS_OF_EIGHT
#undef VARIANT

#define REGISTERS_OF_SIXTEEN
#define VARIANT avx512
#if defined(__clang__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")
#endif
#include "body.h"
#include SOURCE_FILE
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef VARIANT

#define VARIANT avx512_bf16
#define NARROW_IN_HARDWARE
#define BYTE_PRODUCTS_IN_HARDWARE
#if defined(__clang__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512vnni,avx2,fma,f16c"))),                 \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512vnni,avx2,fma,f16c")
#endif
#include "body.h"
#include SOURCE_FILE
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef BYTE_PRODUCTS_IN_HARDWARE
#undef NARROW_IN_HARDWARE
#undef VARIANT
#undef REGISTERS_OF_SIXTEEN

#define CHOOSE(name)                                                                                                   \
  (apus_isa_current() >= APUS_ISA_AVX512 ? apus_isa_has_avx512_bf16() ? name##_avx512_bf16 : name##_avx512             \
   : apus_isa_current() == APUS_ISA_AVX2 ? name##_avx2                                                                 \
                                         : name##_portable)
#else
#define CHOOSE(name) name##_portable
#endif

#undef APUS_BODY
