// Products with weights in blocks of eight bits. Inputs are rounded to whole numbers too, in blocks of 32 with a scale
// each, so that a block's products are exact sums of integers; only blocks are added up in float.
// Rows go in groups. For each block of inputs a group holds the rows' numbers, then a scale and a start for each row:
// the start takes back what the weights' bytes are too large.
#ifndef APUS_BODY
#define SOURCE_FILE "../gemm/q8_product.c"
#include "apus_pool.h"
#include "q8_blocks.h"
#include "q8_tiles.h"
#include "vector.h"

// The largest whole number that an input becomes, and the bytes of a row's block of them.
enum { fine_most = 127 * 256 + 127, fine_bytes = 2 * q8_block, coarse_most = 127, coarse_bytes = q8_block };
enum { most_group = 8, cached_bytes = 448 << 10, least_panels = 2, tasks_wanted = 64 };

typedef struct {
  int64_t rows, inputs, outputs, blocks;
  bool fine;
  const void *x;
  apus_dtype x_dtype;
  int64_t x_stride;
  char *rounded;
  const char *packed;
  char *y;
  apus_dtype y_dtype;
  int64_t y_stride;
  int64_t group, block_rows, row_blocks, panels_per_task;
} q8_job;

static inline int64_t block_bytes(bool fine) {
  return (fine ? fine_bytes : coarse_bytes) + (int64_t)sizeof(float) + (int64_t)sizeof(int32_t);
}
static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
#define UNROLL _Pragma("GCC unroll 16")
#include "for_each_variant.h"

void apus_q8_linear(int64_t rows, int64_t inputs, int64_t outputs, const void *x, apus_dtype x_dtype, int64_t x_stride,
                    const void *packed, void *y, apus_dtype y_dtype, int64_t y_stride) {
  if (rows <= 0 || outputs <= 0) return;
  if (rows > APUS_Q8_BYTE_ROWS && apus_isa_current() == APUS_ISA_AMX) {
    const apus_matrix from = {x, x_dtype, x_stride, 1};
    apus_q8_linear_by_tiles(rows, inputs, outputs, from, packed, y, y_dtype, y_stride);
    return;
  }
  q8_job job = {.rows = rows, .inputs = inputs, .outputs = outputs, .blocks = inputs / q8_block, .x = x,
                .x_dtype = x_dtype, .x_stride = x_stride, .packed = packed, .y = y, .y_dtype = y_dtype,
                .y_stride = y_stride};
  job.fine = rows <= APUS_Q8_FINE_ROWS || !CHOOSE(multiplies_bytes)();
  job.group = CHOOSE(group_rows)();
  const int64_t row_bytes = job.blocks * block_bytes(job.fine), panels = q8_panels(outputs);
  job.rounded = apus_workspace(0, (size_t)(rows * row_bytes));
  apus_parallel(divide_up(rows, job.group), CHOOSE(round_group), &job);
  job.block_rows = divide_up(least(rows, cached_bytes / (row_bytes + 1) + 1), job.group) * job.group;
  job.row_blocks = divide_up(rows, job.block_rows);
  if (rows <= APUS_Q8_FINE_ROWS && job.row_blocks == 1) {
    job.panels_per_task = 1;
    apus_reading weights = {{packed}, {job.blocks * q8_record_bytes}};
    apus_parallel_reading(weights, panels, CHOOSE(q8_task), &job);
    return;
  }
  int64_t share = divide_up(panels * job.row_blocks, tasks_wanted);
  job.panels_per_task = divide_up(share, least_panels) * least_panels;
  apus_parallel(divide_up(panels, job.panels_per_task) * job.row_blocks, CHOOSE(q8_task), &job);
}

#else

// Whether sums of products of bytes are one instruction: only there are inputs rounded to eight bits.
static bool V(multiplies_bytes)(void) {
#ifdef BYTE_PRODUCTS_IN_HARDWARE
  return true;
#else
  return false;
#endif
}
// Rows whose sums the registers hold.
static int64_t V(group_rows)(void) {
#ifdef REGISTERS_OF_SIXTEEN
  return most_group;
#else
  return most_group / 2;
#endif
}

// Eight vectors to one whose lanes 2r and 2r + 1 hold what `op` makes of all lanes of vector r.
#define EIGHT_TO_ONE(v, op)                                                                                            \
  do {                                                                                                                 \
    for (int i = 0; i < 4; i++)                                                                                        \
      v[i] = op(__builtin_shufflevector(v[i], v[i + 4], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),       \
                __builtin_shufflevector(v[i], v[i + 4], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));\
    for (int i = 0; i < 2; i++)                                                                                        \
      v[i] = op(__builtin_shufflevector(v[i], v[i + 2], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),     \
                __builtin_shufflevector(v[i], v[i + 2], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31));  \
    v[0] = op(__builtin_shufflevector(v[0], v[1], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),           \
              __builtin_shufflevector(v[0], v[1], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31));        \
    v[0] = op(v[0], __builtin_shufflevector(v[0], v[0], 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));        \
  } while (0)
#define PLUS(a, b) ((a) + (b))
#define EVEN(v) __builtin_shufflevector(v, v, 0, 2, 4, 6, 8, 10, 12, 14)

typedef int8_t vb __attribute__((vector_size(16)));
typedef int16_t vs __attribute__((vector_size(32)));
typedef int32_t v8 __attribute__((vector_size(32)));

// Half a block of whole numbers as the products take them: bytes, or sixteen bits as the upper and the lower byte, or
// where there are only products of sixteen bits, each four with the even ones first.
INLINE void V(store_numbers)(char *to, int half, vi q, const bool fine) {
#ifdef BYTE_PRODUCTS_IN_HARDWARE
  vi high = (q + 128) >> 8;
  vb bytes = __builtin_convertvector(fine ? q - (high << 8) : q, vb), upper = __builtin_convertvector(high, vb);
  memcpy(to + 16 * half, &bytes, 16);
  if (fine) memcpy(to + q8_block + 16 * half, &upper, 16);
#else
  (void)fine;
  vs s = __builtin_convertvector(q, vs);
  s = __builtin_shufflevector(s, s, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  memcpy(to + 32 * half, &s, 32);
#endif
}

// Rounds the rows of a group, block by block.
INLINE void V(round_rows)(const q8_job *j, int64_t row0, const int rows, const bool fine) {
  const int numbers = fine ? fine_bytes : coarse_bytes;
  const float most = fine ? fine_most : coarse_most;
  char *to = j->rounded + row0 * j->blocks * block_bytes(fine);
  for (int64_t b = 0; b < j->blocks; b++, to += rows * block_bytes(fine)) {
    vf half[most_group][2], largest[most_group];
    UNROLL for (int r = 0; r < most_group; r++) {
      largest[r] = vsplat(0);
      if (r >= rows) continue;
      UNROLL for (int h = 0; h < 2; h++)
        half[r][h] = V(load)(j->x, (row0 + r) * j->x_stride + b * q8_block + 16 * h, j->x_dtype);
      largest[r] = V(max)((vf)((vi)half[r][0] & 0x7fffffff), (vf)((vi)half[r][1] & 0x7fffffff));
    }
    EIGHT_TO_ONE(largest, V(max));
    vf scale = largest[0] / most, inverse = vselect(scale >= vsplat(0x1p-120f), most / largest[0], vsplat(0));
    vi sum[most_group];
    UNROLL for (int r = 0; r < most_group; r++) {
      sum[r] = (vi){0};
      if (r >= rows) continue;
      // Adding 1.5 * 2^23 rounds to whole numbers.
      vf magic = vsplat(12582912.0f), by = vsplat(inverse[2 * r]);
      UNROLL for (int h = 0; h < 2; h++) {
        vi q = (vi)(half[r][h] * by + magic) - (vi)magic;
        V(store_numbers)(to + r * numbers, h, q, fine);
        sum[r] += q;
      }
    }
    EIGHT_TO_ONE(sum, PLUS);
    v8 scales = (v8)EVEN(scale), starts = (v8)(-q8_bias * EVEN(sum[0]));
    memcpy(to + rows * numbers, &scales, (size_t)rows * 4);
    memcpy(to + rows * (numbers + 4), &starts, (size_t)rows * 4);
  }
}
#undef EIGHT_TO_ONE
#undef PLUS
#undef EVEN

INLINE vi V(splat)(const char *from) {
  int32_t x;
  memcpy(&x, from, 4);
  return (vi){0} + x;
}

// For each row and output, the sum of a block's products from the row's start on.
#ifdef BYTE_PRODUCTS_IN_HARDWARE
INLINE vi V(add_bytes)(vi sum, vi weights, const char *x) {
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, (__m512i)V(splat)(x));
}
INLINE void V(add_up)(vi *sum, const char *record, const char *x, const char *start, const int rows, const bool fine) {
  vi weights[q8_block / 4];
  memcpy(weights, record, sizeof weights);
  UNROLL for (int r = 0; r < rows; r++) {
    vi whole = V(splat)(start + r * 4), upper = {0};
    const char *own = x + r * (fine ? fine_bytes : coarse_bytes);
    UNROLL for (int i = 0; i < q8_block / 4; i++) whole = V(add_bytes)(whole, weights[i], own + i * 4);
    if (fine)
      UNROLL for (int i = 0; i < q8_block / 4; i++) upper = V(add_bytes)(upper, weights[i], own + q8_block + i * 4);
    sum[r] = fine ? whole + (upper << 8) : whole;
  }
}
#else
// Of two numbers of sixteen bits each.
INLINE vi V(add_pairs)(vi sum, vi weights, const char *x) {
#if defined(REGISTERS_OF_SIXTEEN)
  return sum + (vi)_mm512_madd_epi16((__m512i)weights, (__m512i)V(splat)(x));
#elif defined(REGISTERS_OF_EIGHT)
  __m256i w[2], s[2], both = _mm256_set1_epi32(V(splat)(x)[0]);
  memcpy(w, &weights, 64);
  memcpy(s, &sum, 64);
  for (int i = 0; i < 2; i++) s[i] = _mm256_add_epi32(s[i], _mm256_madd_epi16(w[i], both));
  memcpy(&sum, s, 64);
  return sum;
#else
  int16_t pair[2];
  memcpy(pair, x, 4);
  return sum + (weights & 0xffff) * pair[0] + (weights >> 16) * pair[1];
#endif
}
INLINE void V(add_up)(vi *sum, const char *record, const char *x, const char *start, const int rows, const bool fine) {
  (void)fine;
  UNROLL for (int r = 0; r < rows; r++) sum[r] = V(splat)(start + r * 4);
  for (int i = 0; i < q8_block / 4; i++) {
    vi weights;
    memcpy(&weights, record + i * 4 * q8_columns, 64);
    vi even = weights & 0x00ff00ff, odd = (vi)((vu)weights >> 8) & 0x00ff00ff;
    UNROLL for (int r = 0; r < rows; r++) {
      const char *own = x + r * fine_bytes + i * 8;
      sum[r] = V(add_pairs)(V(add_pairs)(sum[r], even, own), odd, own + 4);
    }
  }
}
#endif

// y of a group's rows and a panel's outputs.
INLINE void V(multiply)(const q8_job *j, int64_t row, int64_t panel, const int rows, const bool fine) {
  const int numbers = fine ? fine_bytes : coarse_bytes;
  const char *record = j->packed + panel * j->blocks * q8_record_bytes;
  const char *x = j->rounded + row * j->blocks * block_bytes(fine);
  vf sum[most_group];
  UNROLL for (int r = 0; r < rows; r++) sum[r] = vsplat(0);
  for (int64_t b = 0; b < j->blocks; b++, record += q8_record_bytes, x += rows * block_bytes(fine)) {
    vi whole[most_group];
    for (int i = 0; fine && i <= q8_record_bytes; i += 64) __builtin_prefetch(record + 4096 + i);
    V(add_up)(whole, record + q8_scales_bytes, x, x + rows * (numbers + 4), rows, fine);
    vh halves;
    memcpy(&halves, record, 32);
    // A half's bits thirteen places up are a float 2^112 times too small.
    vf scales = (vf)(__builtin_convertvector(halves, vu) << 13) * 0x1p112f;
    UNROLL for (int r = 0; r < rows; r++)
      sum[r] += __builtin_convertvector(whole[r], vf) * (scales * (vf)V(splat)(x + rows * numbers + r * 4));
  }
  int64_t column = panel * q8_columns;
  UNROLL for (int r = 0; r < rows; r++)
    V(store_up_to)(j->y, (row + r) * j->y_stride + column, j->outputs - column, sum[r], j->y_dtype);
}

// Calls a function whose last two arguments the compiler has to know.
#define OF_ROWS(n, f, ...) case n: if (f) CALLED(__VA_ARGS__, n, true); else CALLED(__VA_ARGS__, n, false); break
#define FOR_ROWS(rows, f, ...)                                                                                         \
  switch (rows) {                                                                                                      \
    OF_ROWS(1, f, __VA_ARGS__); OF_ROWS(2, f, __VA_ARGS__); OF_ROWS(3, f, __VA_ARGS__); OF_ROWS(4, f, __VA_ARGS__);    \
    OF_ROWS(5, f, __VA_ARGS__); OF_ROWS(6, f, __VA_ARGS__); OF_ROWS(7, f, __VA_ARGS__); OF_ROWS(8, f, __VA_ARGS__);    \
  }

static void V(round_group)(void *context, int64_t group, int worker) {
  (void)worker;
  const q8_job *j = context;
  const int64_t row = group * j->group;
#define CALLED V(round_rows)
  FOR_ROWS(least(j->group, j->rows - row), j->fine, j, row)
#undef CALLED
}

static void V(q8_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const q8_job *j = context;
  const int64_t row0 = task % j->row_blocks * j->block_rows, row1 = least(row0 + j->block_rows, j->rows);
  const int64_t panel0 = task / j->row_blocks * j->panels_per_task;
  const int64_t panel1 = least(panel0 + j->panels_per_task, q8_panels(j->outputs));
  for (int64_t panel = panel0; panel < panel1; panel++)
    for (int64_t row = row0; row < row1; row += j->group) {
#define CALLED V(multiply)
      FOR_ROWS(least(j->group, row1 - row), j->fine, j, row, panel)
#undef CALLED
    }
}
#undef OF_ROWS
#undef FOR_ROWS
#endif
