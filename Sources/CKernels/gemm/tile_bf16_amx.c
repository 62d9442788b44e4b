// bf16 tiles on AMX: 32 x 32 sums in four tile registers, two of A and two of B, depth 32 a turn.
// Packed A is [depth / 32][2][16 rows][32], packed B [depth / 2][32 columns][2], the layout of the AVX-512 kernel.
#include "gemm_kernels.h"
#if defined(__x86_64__)
#include "pack_pairs.h"
#include "pack_tiles.h"
#include "tile_registers.h"

static void pack_b(apus_matrix m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 31) / 32 * 16, count, 32, panel);
}

static void nothing(void) {}

const apus_gemm_kernel apus_bf16_amx_emulated = {32,      32,     32,     2,      apus_amx_tile_32_reference, NULL,
                                                 NULL,    NULL,   apus_pack_tiles, pack_b, nothing, nothing};
const apus_gemm_kernel apus_bf16_amx = {32,     32,     32,                 2,               apus_amx_tile_32, NULL,
                                        NULL,   NULL,   apus_pack_tiles, pack_b, apus_amx_configure, apus_amx_release};
#endif
