// The only file that touches AMX's tile registers.
#include "tile_registers.h"
#if defined(__x86_64__)
#include "vector.h"
#include <immintrin.h>
#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bf16")))

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

// Sums of 32 x 32 from zero, or from C.
#define BEGIN(from_c)                                                                                                  \
  do {                                                                                                                 \
    if (from_c) {                                                                                                      \
      _tile_loadd(0, c, row);                                                                                          \
      _tile_loadd(1, c + 16, row);                                                                                     \
      _tile_loadd(2, c + 16 * c_stride, row);                                                                          \
      _tile_loadd(3, c + 16 * c_stride + 16, row);                                                                     \
    } else {                                                                                                           \
      _tile_zero(0);                                                                                                   \
      _tile_zero(1);                                                                                                   \
      _tile_zero(2);                                                                                                   \
      _tile_zero(3);                                                                                                   \
    }                                                                                                                  \
  } while (0)
// Sixteen empty instructions.
#define PAUSE __asm__ volatile(".rept 16\n\tnop\n\t.endr")
// 32 of depth: two blocks of sixteen rows of A, `bytes` from one row to the next, and two of sixteen columns of B. B,
// which is used once and read from the second-level cache, is loaded past the first, where A would have to make room.
// The loads go first and pauses between the products: where another thread of the core uses tiles too, those that
// follow each other closely wait for its, once each.
#define STEP(upper, lower, bytes, meanwhile)                                                                           \
  do {                                                                                                                 \
    _tile_loadd(4, upper, bytes);                                                                                      \
    _tile_stream_loadd(6, pb, 128);                                                                                    \
    _tile_stream_loadd(7, pb + 64, 128);                                                                               \
    _tile_loadd(5, lower, bytes);                                                                                      \
    meanwhile;                                                                                                         \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(0, 4, 6);                                                                                           \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(1, 4, 7);                                                                                           \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(2, 5, 6);                                                                                           \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(3, 5, 7);                                                                                           \
  } while (0)
// `depth` of rows in place or packed.
#define LOOP(meanwhile, upper, lower, bytes, a_step)                                                                   \
  for (int64_t k = 0; k < depth; k += 32, pa += a_step, pb += 2048) STEP(upper, lower, bytes, meanwhile);
#define PACKED(meanwhile) LOOP(meanwhile, pa, pa + 1024, 64, 2048)
#define IN_PLACE(meanwhile) LOOP(meanwhile, pa, pa + 16 * a_bytes, a_bytes, 64)
#define NOTHING (void)0
#define END                                                                                                            \
  do {                                                                                                                 \
    _tile_stored(0, c, row);                                                                                           \
    _tile_stored(1, c + 16, row);                                                                                      \
    _tile_stored(2, c + 16 * c_stride, row);                                                                           \
    _tile_stored(3, c + 16 * c_stride + 16, row);                                                                      \
  } while (0)

TARGET void apus_amx_tile_32(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                             bool accumulate) {
  const size_t row = (size_t)c_stride * 4;
  const char *pa = a, *pb = b;
  BEGIN(accumulate);
  PACKED(NOTHING)
  END;
}
TARGET void apus_amx_direct_32(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c, int64_t c_stride,
                               bool accumulate) {
  const size_t row = (size_t)c_stride * 4;
  const char *pa = a, *pb = b;
  BEGIN(accumulate);
  IN_PLACE(NOTHING)
  END;
}

TARGET static inline void round_row(const float *c, uint16_t *to) {
  _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_load_ps(c + 16), _mm512_load_ps(c)));
}
// What is fetched and done during 32 of depth.
#define FETCH                                                                                                          \
  do {                                                                                                                 \
    for (int64_t i = 0; i < lines; i++) {                                                                              \
      __builtin_prefetch(ahead, 0, 2);                                                                                 \
      ahead += 64;                                                                                                     \
      if (--left > 0) continue;                                                                                        \
      ahead += t->skip;                                                                                                \
      left = t->row_lines;                                                                                             \
    }                                                                                                                  \
    for (int64_t i = 0; i < t->next_rows; i++, next += t->c_bytes) {                                                   \
      __builtin_prefetch(next, 1);                                                                                     \
      if (floats) __builtin_prefetch(next + 64, 1);                                                                    \
    }                                                                                                                  \
    if ((beside->due += beside->share) >= APUS_WHOLE_PIECE) {                                                          \
      beside->due -= APUS_WHOLE_PIECE;                                                                                 \
      apus_next_piece(beside);                                                                                         \
    }                                                                                                                  \
  } while (0)
TARGET static inline __attribute__((always_inline)) void fetching_tile(apus_fetching_tile *t, const bool floats) {
  _Alignas(64) float sums[32 * 32];
  const size_t row = floats ? (size_t)t->c_bytes : 128;
  float *c = floats ? t->c : sums;
  const int64_t c_stride = (int64_t)row / 4, a_bytes = t->a_bytes;
  const char *pa = t->a, *pb = t->b, *ahead = t->ahead, *next = t->next_c;
  const int64_t depth = t->depth, lines = t->lines;
  int64_t left = t->left;
  apus_beside *beside = t->beside;
  BEGIN(floats && t->add);
  if (a_bytes) IN_PLACE(FETCH)
  else PACKED(FETCH)
  END;
  t->ahead = ahead;
  t->left = left;
  if (floats) return;
  char *to = t->c;
  for (int i = 0; i < 32; i++) round_row(sums + i * 32, (uint16_t *)(to + i * t->c_bytes));
}
TARGET void apus_amx_fetching_tile(apus_fetching_tile *t) {
  if (t->rounded) fetching_tile(t, false);
  else fetching_tile(t, true);
}

// By definition, with row i of A's block of 32 of depth at `at(i, block)`.
#define REFERENCE(at)                                                                                                  \
  const char *pb = b;                                                                                                  \
  for (int64_t i = 0; i < 32; i++)                                                                                     \
    for (int64_t j = 0; j < 32; j++) {                                                                                 \
      float sum = accumulate ? c[i * c_stride + j] : 0;                                                                \
      for (int64_t k = 0; k < depth; k++) {                                                                            \
        float left = bf16_to_float(((const uint16_t *)(at(i, k / 32)))[k % 32]);                                       \
        float right = bf16_to_float(((const uint16_t *)pb)[(k / 2 * 32 + j) * 2 + k % 2]);                             \
        sum += left * right;                                                                                           \
      }                                                                                                                \
      c[i * c_stride + j] = sum;                                                                                       \
    }
#define AT_PACKED(i, block) (const char *)a + ((block) * 2 + (i) / 16) * 1024 + (i) % 16 * 64
#define AT_IN_PLACE(i, block) (const char *)a + (i) * a_bytes + (block) * 64
void apus_amx_tile_32_reference(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                                bool accumulate) {
  REFERENCE(AT_PACKED)
}
void apus_amx_direct_32_reference(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c,
                                  int64_t c_stride, bool accumulate) {
  REFERENCE(AT_IN_PLACE)
}
#endif
