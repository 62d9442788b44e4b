// bf16 tiles on AMX: 32 x 32 sums in four tile registers, two of A and two of B, depth 32 a turn.
// Packed A is [depth / 32][2][16 rows][32], packed B [depth / 2][32 columns][2], the layout of the AVX-512 kernel.
#include "gemm_kernels.h"
#if defined(__x86_64__)
#include "pack_pairs.h"
#include "pack_tiles.h"
#include "tile_registers.h"

static void pack_b(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 31) / 32 * 16, count, 32, panel);
}

static void pack_b_aside(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs_aside(m, depth, (depth + 31) / 32 * 16, count, 32, panel);
}

// Of a tile with few rows the vector unit takes these one by one: its right operand has the same layout.
#define COMMON                                                                                                         \
  .tile_rows = 32, .tile_columns = 32, .depth_unit = 32, .element_bytes = 2, .fetches = true, .whole_lines = true,     \
  .across = 512, .depth_block = 1024, .strips = 4, .key_blocks = 2,                                                    \
  .direct_4 = apus_direct_4_avx512, .direct_1 = apus_direct_1_avx512, .pack_a = apus_pack_tiles, .pack_b = pack_b,     \
  .pack_b_aside = pack_b_aside
const apus_gemm_kernel apus_bf16_amx_emulated = {
    COMMON, .tile = apus_amx_tile_32_reference, .tile_direct = apus_amx_direct_32_reference};
const apus_gemm_kernel apus_bf16_amx = {
    COMMON, .tile = apus_amx_tile_32, .tile_direct = apus_amx_direct_32,
    .tile_row = apus_amx_tile_row, .begin = apus_amx_configure};
#endif
