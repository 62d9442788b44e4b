#ifndef APUS_PACK_TILES_H
#define APUS_PACK_TILES_H
#include "apus_gemm.h"

/// Packs 32 vectors (`count` of them exist) for the tile unit: bf16 `[depth / 32][2][16][32]`, depth padded with zeros.
/// Source rows are the vectors, its columns the depth. AVX-512 with bf16 only.
void apus_pack_tiles(const apus_matrix *source, int64_t depth, int64_t count, void *out);

#endif
