#ifndef APUS_TILE_REGISTERS_H
#define APUS_TILE_REGISTERS_H
#include "gemm_kernel.h"

/// Configures the eight tile registers of a thread that does tasks as 16 rows of 64 bytes, once for all of them: they
/// are released when it has no more.
void apus_amx_configure(void);
/// C `[32, 32]` (+)= A `[depth / 32][2][16][32]` * B `[depth / 2][32][2]`; depth a multiple of 32.
void apus_amx_tile_32(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride, bool accumulate);
/// The same with A's rows where they lie, `a_bytes` apart.
void apus_amx_direct_32(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c, int64_t c_stride,
                        bool accumulate);
/// A row of whole tiles of a product.
void apus_amx_tile_row(const apus_tile_row *t);
/// The same by definition, for machines without AMX and for tests: every product and sum as the tile unit takes it.
void apus_amx_tile_32_reference(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                                bool accumulate);
void apus_amx_direct_32_reference(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c,
                                  int64_t c_stride, bool accumulate);
#endif
