// Float tiles for every variant. bf16 operands are widened when they are packed.
#ifndef APUS_BODY
#include "gemm_kernel.h"
#define SOURCE_FILE "../gemm/tile_float.c"
#include "for_each_variant.h"
#include "gemm_kernels.h"

// In bf16 products the operands are rounded as they are packed, so every variant multiplies the same numbers.
#define KERNELS(variant, size, rows, columns, block, TILE, DIRECT, fetching)                                           \
  const apus_gemm_kernel apus_float_##size##_##variant = {                                                             \
      .tile_rows = rows, .tile_columns = columns, .depth_unit = 1, .element_bytes = 4,                                 \
      .depth_block = block,                                                                                            \
      .tile = TILE(rows, variant), .tile_direct = DIRECT(rows, variant), .tile_fetching = fetching,                    \
      .direct_4 = DIRECT(4, variant), .direct_1 = DIRECT(1, variant),                                                  \
      .pack_a = pack_##rows##_##variant, .pack_b = pack_##columns##_##variant};                                        \
  const apus_gemm_kernel apus_rounded_##size##_##variant = {                                                           \
      .tile_rows = rows, .tile_columns = columns, .depth_unit = 1, .element_bytes = 4,                                 \
      .depth_block = block,                                                                                            \
      .tile = TILE(rows, variant), .tile_fetching = fetching,                                                          \
      .pack_a = round_##rows##_##variant, .pack_b = round_##columns##_##variant};
// A tile of six rows of eight lanes reads fifteen bytes a cycle, one of fourteen rows of sixteen thirteen: of deep
// products, what is taken of a panel at once has to stay in the first-level cache.
#define GENERAL_TILE(rows, variant) tile_##rows##_##variant
#define GENERAL_DIRECT(rows, variant) direct_##rows##_##variant
#define INTRINSIC_TILE(rows, variant) intrinsic_tile_##rows##_##variant
#define INTRINSIC_DIRECT(rows, variant) intrinsic_direct_##rows##_##variant

KERNELS(portable, large, 4, 16, 0, GENERAL_TILE, GENERAL_DIRECT, NULL)
KERNELS(portable, small, 4, 16, 0, GENERAL_TILE, GENERAL_DIRECT, NULL)
#if defined(__x86_64__)
#include "float_tiles_x86.h"
KERNELS(avx2, large, 6, 16, 256, INTRINSIC_TILE, INTRINSIC_DIRECT, intrinsic_fetching_6_avx2)
KERNELS(avx2, small, 4, 16, 256, INTRINSIC_TILE, INTRINSIC_DIRECT, NULL)
KERNELS(avx512, large, 14, 32, 384, INTRINSIC_TILE, INTRINSIC_DIRECT, intrinsic_fetching_14_avx512)
KERNELS(avx512, small, 8, 32, 0, INTRINSIC_TILE, INTRINSIC_DIRECT, NULL)
#endif

#else

// The tiles of the portable variant, one vector wide: the loops over `rows` have constant bounds and are unrolled.
#define UNROLL _Pragma("GCC unroll 16")
// `LEFT(rows, k, i)` is row i's element at depth k.
#define TILE_BODY(rows, LEFT)                                                                                          \
    const float *restrict a = pa, *restrict b = pb;                                                                    \
    vf sum[rows];                                                                                                      \
    UNROLL for (int i = 0; i < rows; i++) {                                                                            \
      if (accumulate) LOAD_F32(sum[i], c + i * c_stride);                                                              \
      else sum[i] = (vf){0};                                                                                           \
    }                                                                                                                  \
    for (int64_t k = 0; k < depth; k++) {                                                                              \
      vf right;                                                                                                        \
      LOAD_F32(right, b + k * 16);                                                                                     \
      UNROLL for (int i = 0; i < rows; i++) {                                                                          \
        vf left = vsplat(LEFT(rows, k, i));                                                                            \
        sum[i] += left * right;                                                                                        \
      }                                                                                                                \
    }                                                                                                                  \
    UNROLL for (int i = 0; i < rows; i++) memcpy(c + i * c_stride, &sum[i], 64)
#define TILE(rows)                                                                                                     \
  static __attribute__((unused)) void V(tile_##rows)(int64_t depth, const void *pa, const void *pb, float *c,          \
                                                     int64_t c_stride, bool accumulate) {                              \
    TILE_BODY(rows, PACKED);                                                                                           \
  }                                                                                                                    \
  static __attribute__((unused)) void V(direct_##rows)(int64_t depth, const void *pa, int64_t a_bytes, const void *pb, \
                                                       float *c, int64_t c_stride, bool accumulate) {                  \
    const int64_t a_stride = a_bytes / 4;                                                                              \
    TILE_BODY(rows, IN_PLACE);                                                                                         \
  }
#define PACKED(rows, k, i) a[(k) * (rows) + (i)]
#define IN_PLACE(rows, k, i) a[(k) + (i) * a_stride]

INLINE float V(rounded)(float x) { return bf16_to_float(float_to_bf16(x)); }
INLINE float V(element)(apus_matrix m, int64_t at, apus_dtype type, bool round) {
  if (type != APUS_F32) return bf16_to_float(((const uint16_t *)m.data)[at]);
  float x = ((const float *)m.data)[at];
  return round ? V(rounded)(x) : x;
}
INLINE void V(pack)(apus_matrix m, int64_t depth, int64_t count, float *out, int width, apus_dtype type,
                    bool round) {
  // Depth in blocks of 16, so that the panel's lines stay in the cache while vectors fill them one by one.
  for (int64_t k0 = 0; k0 < depth; k0 += 16) {
    int64_t k1 = k0 + 16 < depth ? k0 + 16 : depth;
    if (m.row_stride == 1 && count >= width && type == APUS_F32 && !round) {
      for (int64_t k = k0; k < k1; k++)
        memcpy(out + k * width, (const float *)m.data + k * m.column_stride, (size_t)width * sizeof(float));
    } else if (m.row_stride == 1 && count >= width) {
      for (int64_t k = k0; k < k1; k++)
        for (int v = 0; v < width; v++) out[k * width + v] = V(element)(m, k * m.column_stride + v, type, round);
    } else if (m.row_stride == 1) {
      for (int64_t k = k0; k < k1; k++)
        for (int v = 0; v < width; v++)
          out[k * width + v] = v < count ? V(element)(m, k * m.column_stride + v, type, round) : 0;
    } else {
      for (int v = 0; v < width; v++)
        for (int64_t k = k0; k < k1; k++) {
          int64_t at = v * m.row_stride + k * m.column_stride;
          out[k * width + v] = v < count ? V(element)(m, at, type, round) : 0;
        }
    }
  }
}
#define PACK_AS(name, width, round)                                                                                    \
  static __attribute__((unused)) void V(name)(const apus_matrix *m, int64_t depth, int64_t count, void *panel) {       \
    if (m->dtype == APUS_F32) V(pack)(*m, depth, count, panel, width, APUS_F32, round);                                \
    else V(pack)(*m, depth, count, panel, width, APUS_BF16, false);                                                    \
  }
#define PACK(width) PACK_AS(pack_##width, width, false) PACK_AS(round_##width, width, true)

PACK(4)
PACK(6)
PACK(8)
PACK(14)
PACK(16)
PACK(32)
TILE(1)
TILE(4)

#undef TILE
#undef TILE_BODY
#undef PACKED
#undef IN_PLACE
#undef PACK
#undef PACK_AS
#undef UNROLL
#endif
