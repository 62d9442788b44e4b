// The only file that touches AMX's tile registers.
#include "tile_registers.h"
#if defined(__x86_64__)
#include "vector.h"
#include <immintrin.h>
#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f")))

typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;

// gcc 12 believes that _tile_loadconfig reads only 8 of the 64 bytes and drops the other stores: the empty assembly
// makes the whole structure escape first.
TARGET void apus_amx_configure(void) {
  tile_configuration t;
  memset(&t, 0, sizeof t);
  t.palette = 1;
  for (int i = 0; i < 8; i++) {
    t.row_bytes[i] = 64;
    t.rows[i] = 16;
  }
  __asm__ volatile("" : : "r"(&t) : "memory");
  _tile_loadconfig(&t);
}
TARGET void apus_amx_release(void) { _tile_release(); }

TARGET void apus_amx_tile_32(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                             bool accumulate) {
  size_t row = (size_t)c_stride * 4;
  if (accumulate) {
    _tile_loadd(0, c, row);
    _tile_loadd(1, c + 16, row);
    _tile_loadd(2, c + 16 * c_stride, row);
    _tile_loadd(3, c + 16 * c_stride + 16, row);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const char *pa = a, *pb = b;
  for (int64_t k = 0; k < depth; k += 32, pa += 2048, pb += 2048) {
    _tile_loadd(4, pa, 64);
    _tile_loadd(6, pb, 128);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, pb + 64, 128);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, pa + 1024, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, row);
  _tile_stored(1, c + 16, row);
  _tile_stored(2, c + 16 * c_stride, row);
  _tile_stored(3, c + 16 * c_stride + 16, row);
}

void apus_amx_tile_32_reference(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                                bool accumulate) {
  const uint16_t *pa = a, *pb = b;
  for (int64_t i = 0; i < 32; i++)
    for (int64_t j = 0; j < 32; j++) {
      float sum = accumulate ? c[i * c_stride + j] : 0;
      for (int64_t k = 0; k < depth; k++) {
        float left = bf16_to_float(pa[(k / 32 * 2 + i / 16) * 512 + i % 16 * 32 + k % 32]);
        float right = bf16_to_float(pb[(k / 2 * 32 + j) * 2 + k % 2]);
        sum += left * right;
      }
      c[i * c_stride + j] = sum;
    }
}
#endif
