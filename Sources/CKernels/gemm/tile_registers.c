// The only file that touches AMX's tile registers.
#include "tile_registers.h"
#include "apus_pool.h"
#include "gemm_blocks.h"
#if defined(__x86_64__)
#include "vector.h"
#include <immintrin.h>
#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bf16")))

typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;

static _Thread_local bool configured = false;
TARGET static void release(void) {
  _tile_release();
  configured = false;
}
// gcc 12 believes that _tile_loadconfig reads only 8 of the 64 bytes and drops the other stores: the empty assembly
// makes the whole structure escape first.
TARGET void apus_amx_configure(void) {
  if (configured) return;
  tile_configuration t;
  memset(&t, 0, sizeof t);
  t.palette = 1;
  for (int i = 0; i < 8; i++) {
    t.row_bytes[i] = 64;
    t.rows[i] = 16;
  }
  __asm__ volatile("" : : "r"(&t) : "memory");
  _tile_loadconfig(&t);
  configured = true;
  apus_after_tasks(release);
}

// Sixteen empty instructions.
#define PAUSE __asm__ volatile(".rept 16\n\tnop\n\t.endr")
// 32 of depth: two blocks of sixteen rows of A, `bytes` from one row to the next, and two of sixteen columns of B. B,
// which is used once and read from the second-level cache, is loaded past the first, where A would have to make room.
// The loads go first and pauses between the products: where another thread of the core uses tiles too, those that
// follow each other closely wait for its, once each.
#define LOADS                                                                                                          \
  do {                                                                                                                 \
    _tile_loadd(4, pa, bytes);                                                                                         \
    _tile_stream_loadd(6, pb, 128);                                                                                    \
    _tile_stream_loadd(7, pb + 64, 128);                                                                               \
    _tile_loadd(5, pa + lower, bytes);                                                                                 \
  } while (0)
#define PRODUCTS                                                                                                       \
  do {                                                                                                                 \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(0, 4, 6);                                                                                           \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(1, 4, 7);                                                                                           \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(2, 5, 6);                                                                                           \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(3, 5, 7);                                                                                           \
  } while (0)
#define STORE(to)                                                                                                      \
  do {                                                                                                                 \
    _tile_stored(0, to, row);                                                                                          \
    _tile_stored(1, (to) + 64, row);                                                                                   \
    _tile_stored(2, (to) + 16 * row, row);                                                                             \
    _tile_stored(3, (to) + 16 * row + 64, row);                                                                        \
  } while (0)

// C (+)= A * B for a tile by itself.
TARGET static inline void lone_tile(int64_t depth, const char *pa, int64_t bytes, int64_t lower, int64_t step,
                                    const char *pb, float *to, int64_t c_stride, bool accumulate) {
  const int64_t row = c_stride * 4;
  char *c = (char *)to;
  if (accumulate) {
    _tile_loadd(0, c, row);
    _tile_loadd(1, c + 64, row);
    _tile_loadd(2, c + 16 * row, row);
    _tile_loadd(3, c + 16 * row + 64, row);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t k = 0; k < depth; k += 32, pa += step, pb += 2048) {
    LOADS;
    PRODUCTS;
  }
  STORE(c);
}
TARGET void apus_amx_tile_32(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                             bool accumulate) {
  lone_tile(depth, a, 64, 1024, 2048, b, c, c_stride, accumulate);
}
TARGET void apus_amx_direct_32(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c, int64_t c_stride,
                               bool accumulate) {
  lone_tile(depth, a, a_bytes, 16 * a_bytes, 64, b, c, c_stride, accumulate);
}

TARGET static inline void round_row(const float *c, char *to) {
  _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_load_ps(c + 16), _mm512_load_ps(c)));
}
// Does a piece of work; gives the units before the next one.
static __attribute__((noinline)) int64_t next_piece(apus_beside *work) {
  apus_next_piece(work);
  return work->left > 0 ? work->every - 1 : INT64_MAX;
}
// What is fetched and done during 32 of depth: counted down in registers, as reading anything just after a tile is
// stored waits for that.
#define MEANWHILE                                                                                                      \
  do {                                                                                                                 \
    for (int64_t i = lines; i > 0; i--) {                                                                              \
      __builtin_prefetch(ahead, 0, 2);                                                                                 \
      ahead += 64;                                                                                                     \
      if (--left > 0) continue;                                                                                        \
      ahead += t->skip;                                                                                                \
      left = t->row_lines;                                                                                             \
    }                                                                                                                  \
    for (int64_t i = expected; i > 0; i--, next += c_bytes) {                                                          \
      __builtin_prefetch(next, 1);                                                                                     \
      if (floats) __builtin_prefetch(next + 64, 1);                                                                    \
    }                                                                                                                  \
    if (until-- == 0) until = next_piece(beside);                                                                      \
  } while (0)
#define ROUND_ROW                                                                                                      \
  do {                                                                                                                 \
    round_row(sum, to);                                                                                                \
    sum += 32;                                                                                                         \
    to += c_bytes;                                                                                                     \
    unrounded--;                                                                                                       \
  } while (0)
// A quarter of the tile before is stored, and this one's begun.
#define TURN(i, at, a, b)                                                                                              \
  do {                                                                                                                 \
    if (before) _tile_stored(i, before + (at) % 128 + (at) / 128 * row, row);                                          \
    if (from) _tile_loadd(i, from + (at) % 128 + (at) / 128 * t->from_bytes, t->from_bytes);                           \
    else _tile_zero(i);                                                                                                \
    PAUSE;                                                                                                             \
    _tile_dpbf16ps(i, a, b);                                                                                           \
  } while (0)
// The tile unit never waits for the end of a tile: its sums are stored between the first products of the next one, and
// where they are to be rounded this is done a few rows at a time beside those that follow.
TARGET static inline __attribute__((always_inline)) void row_of_tiles(const apus_tile_row *t, const bool floats) {
  _Alignas(64) float sums[32 * 32];
  const int64_t bytes = t->a_bytes ? t->a_bytes : 64, lower = t->a_bytes ? 16 * bytes : 1024;
  const int64_t step = t->a_bytes ? 64 : 2048, depth = t->depth, units = depth / 32;
  const int64_t c_bytes = t->c_bytes, row = floats ? c_bytes : 128, width = floats ? 128 : 64;
  const int64_t rounded_at_once = units > 1 ? (32 + units - 2) / (units - 1) : 32;
  const char *pa = t->a, *pb = t->b, *ahead = t->ahead, *from = t->from;
  int64_t lines = t->lines, left = t->row_lines;
  apus_beside *beside = t->beside;
  int64_t until = beside->left > 0 ? beside->until : INT64_MAX;
  char *c = t->c;
  // Rows that are still to be rounded, the next of them, and where it goes.
  int64_t unrounded = 0;
  const float *sum = sums;
  char *to = c;
  LOADS;
  for (int64_t tile = 0; tile < t->tiles; tile++, c += width) {
    const bool last = tile + 1 == t->tiles;
    char *before = tile == 0 ? NULL : floats ? c - width : (char *)sums;
    const char *next = floats ? c + width : c;
    const int64_t expected = floats && last ? 0 : t->expected;
    if (t->brings) {
      ahead = t->b + (tile + 1) * t->b_bytes;
      left = INT64_MAX;
      lines = last ? 0 : 32;
    }
    MEANWHILE;
    TURN(0, 0, 4, 6);
    TURN(1, 64, 4, 7);
    TURN(2, 16 * 128, 5, 6);
    TURN(3, 16 * 128 + 64, 5, 7);
    if (from) from += 128;
    if (before) {
      unrounded = 32;
      sum = sums;
      to = c - width;
    }
    for (int64_t k = 32; k < depth; k += 32) {
      pa += step;
      pb += 2048;
      LOADS;
      MEANWHILE;
      if (!floats)
        for (int64_t i = least(unrounded, rounded_at_once); i > 0; i--) ROUND_ROW;
      PRODUCTS;
    }
    if (!floats)
      while (unrounded > 0) ROUND_ROW;
    if (last) break;
    pa = t->a;
    pb = t->b + (tile + 1) * t->b_bytes;
    LOADS;
  }
  beside->until = until;
  if (floats) {
    STORE(c);
    return;
  }
  STORE((char *)sums);
  for (unrounded = 32, sum = sums, to = c; unrounded > 0;) ROUND_ROW;
}
TARGET void apus_amx_tile_row(const apus_tile_row *t) {
  if (t->rounded) row_of_tiles(t, false);
  else row_of_tiles(t, true);
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
