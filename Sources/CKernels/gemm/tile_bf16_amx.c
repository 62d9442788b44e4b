// bf16 tiles on AMX: 32 x 32 sums in four tile registers, two of A and two of B, depth 32 a turn.
// Packed A is [depth / 32][2][16 rows][32], packed B [depth / 2][32 columns][2], the layout of the AVX-512 kernel.
#include "gemm_kernels.h"
#if defined(__x86_64__)
#include "pack_pairs.h"
#include "vector.h"
#include "tile_registers.h"

// Row-major blocks [16][32] of bf16, two for each 32 of depth.
static void pack_a(apus_matrix m, int64_t depth, int64_t count, void *panel) {
  uint16_t *out = panel;
  int64_t padded = (depth + 31) / 32 * 32;
  for (int64_t k0 = 0; k0 < padded; k0 += 32)
    for (int v = 0; v < 32; v++, out += 32) {
      int64_t there = v >= count ? 0 : depth - k0 < 32 ? depth - k0 : 32;
      int64_t at = v * m.row_stride + k0 * m.column_stride;
      if (m.dtype == APUS_BF16 && m.column_stride == 1) {
        if (there > 0) memcpy(out, (const uint16_t *)m.data + at, (size_t)there * 2);
      } else {
        for (int64_t k = 0; k < there; k++) {
          int64_t from = at + k * m.column_stride;
          out[k] = m.dtype == APUS_BF16 ? ((const uint16_t *)m.data)[from]
                                        : float_to_bf16(((const float *)m.data)[from]);
        }
      }
      for (int64_t k = there > 0 ? there : 0; k < 32; k++) out[k] = 0;
    }
}
static void pack_b(apus_matrix m, int64_t depth, int64_t count, void *panel) {
  apus_pack_pairs(m, depth, (depth + 31) / 32 * 16, count, 32, panel);
}

static void nothing(void) {}

const apus_gemm_kernel apus_bf16_amx_emulated = {32,      32,     32,     2,      apus_amx_tile_32_reference, pack_a,
                                                 pack_b,  nothing, nothing};
const apus_gemm_kernel apus_bf16_amx = {32,     32,     32, 2, apus_amx_tile_32, pack_a, pack_b, apus_amx_configure,
                                        apus_amx_release};
#endif
