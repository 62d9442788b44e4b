#ifndef APUS_BASE_H
#define APUS_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Element types of a buffer. bf16 is stored as the upper half of a float.
typedef enum { APUS_F32 = 0, APUS_BF16 = 1 } apus_dtype;

/// Kernel variants, from the one that runs everywhere to the one that runs on few machines.
typedef enum { APUS_ISA_PORTABLE = 0, APUS_ISA_AVX2 = 1, APUS_ISA_AVX512 = 2, APUS_ISA_AMX = 3 } apus_isa;

/// The best variant that this processor and operating system allow.
apus_isa apus_isa_best(void);
/// The variant in use: the best one, or what `apus_isa_select` chose.
apus_isa apus_isa_current(void);
/// Chooses a variant for the whole process. Returns false, changing nothing, where the machine lacks it.
/// Packed matrices made before a change of variant must be made anew.
bool apus_isa_select(apus_isa isa);
/// Runs the AMX variant with its tile unit computed in plain C, to check packing and loops on a machine without AMX
/// (it still needs AVX-512 with bf16). Slow; for tests.
bool apus_isa_select_emulated_amx(void);
bool apus_isa_is_emulated(void);
/// Whether AVX-512 code may use the dot products of bf16 and of bytes (Cooper Lake, Zen 4 and later).
bool apus_isa_has_avx512_bf16(void);
const char *apus_isa_name(apus_isa isa);

static inline size_t apus_dtype_size(apus_dtype dtype) { return dtype == APUS_F32 ? 4 : 2; }

#endif
