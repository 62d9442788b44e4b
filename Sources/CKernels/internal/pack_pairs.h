#ifndef APUS_PACK_PAIRS_H
#define APUS_PACK_PAIRS_H
#include "apus_gemm.h"

/// Packs bf16 pairs along the depth: `out` is uint32 `[pairs][width]`, low half the even depth. Source rows are the
/// vectors (`count` of `width` exist), its columns the depth. What lies beyond either is zero. AVX-512 with bf16 only.
void apus_pack_pairs(const apus_matrix *source, int64_t depth, int64_t pairs, int64_t count, int width, void *out);

/// The same of 14 or 32 vectors, written past the caches where they lie side by side in bf16 and fill whole lines, as
/// 14 do sixteen pairs at a time. Other threads see that after a fence.
void apus_pack_pairs_aside(const apus_matrix *source, int64_t depth, int64_t pairs, int64_t count, int width,
                           void *out);

#endif
