// Products of many rows with weights in blocks of eight bits where there is a tile unit: it multiplies bf16 so much
// faster than the vector unit does bytes that the weights are widened for it, some outputs' beside the tiles of those
// before.
#ifndef APUS_BODY
#define SOURCE_FILE "../gemm/q8_tiles.c"
#include "apus_elementwise.h"
#include "apus_pool.h"
#include "product.h"
#include "q8_blocks.h"
#include "q8_tiles.h"
#include "vector.h"

// What is widened at once, in two places in turn, leaves a second-level cache room for the rows that it is multiplied
// by.
enum { widened_bytes = 800 << 10, most_outputs = 256, least_rows = 256, tile_side = 32, tasks_of_thread = 2 };

typedef struct {
  int64_t rows, inputs, outputs;
  apus_matrix x;
  const char *packed;
  char *y;
  apus_dtype y_dtype;
  int64_t y_stride;
  int64_t columns, column_blocks, rows_at_once;  // of a task
  int64_t at_once;                               // columns that are widened at once
} tiles_job;

// Panels of sixteen outputs that are widened, half of a block of inputs at a time; two become one of 32.
typedef struct {
  apus_beside work;
  const char *records, *end;  // blocks of inputs, panel after panel, and where there are no more
  char *widened;
  int64_t blocks, next;       // of a panel; the next half block
} widening;
#include "for_each_variant.h"

// The work of widening `count` columns beside `units` of depth.
static widening widen(const tiles_job *j, int64_t column, int64_t count, int64_t units, char *to) {
  const int64_t blocks = j->inputs / q8_block, bytes = blocks * q8_record_bytes;
  const int64_t pieces = divide_up(count, tile_side) * 2 * 2 * blocks;
  return (widening){.work = apus_work_beside(CHOOSE(widen_half), pieces, units),
                    .records = j->packed + column / q8_columns * bytes, .end = j->packed + q8_panels(j->outputs) * bytes,
                    .widened = to, .blocks = blocks};
}

// Some columns of y for some rows, by one thread: what it widens it finds in its own cache.
static void multiply_task(void *context, int64_t task, int worker) {
  (void)worker;
  const tiles_job *j = context;
  const int64_t first = task % j->column_blocks * j->columns, end = least(first + j->columns, j->outputs);
  const int64_t row = task / j->column_blocks * j->rows_at_once, rows = least(j->rows_at_once, j->rows - row);
  const size_t bytes = apus_gemm_packed_bytes(APUS_BF16, j->inputs, j->at_once);
  char *widened = apus_workspace(6, 2 * bytes), *next = widened + bytes;
  widening work = widen(j, first, least(j->at_once, end - first), 0, widened);
  for (int64_t column = first; column < end; column += j->at_once) {
    while (work.work.left > 0) apus_next_piece(&work.work);
    const int64_t count = least(j->at_once, end - column), coming = least(j->at_once, end - column - count);
    const int64_t units = rows / tile_side * (count / tile_side) * (j->inputs / q8_block);
    work = widen(j, column + count, coming, units, next);
    apus_gemm_beside(APUS_BF16, rows, count, j->inputs, vectors_from(j->x, row), widened,
                     j->y + (size_t)(row * j->y_stride + column) * apus_dtype_size(j->y_dtype), j->y_dtype, j->y_stride,
                     &work.work);
    char *used = widened;
    widened = next;
    next = used;
  }
}

// The rows in bf16, once for all tasks.
static apus_matrix rounded(apus_matrix x, int64_t rows, int64_t inputs) {
  char *to = apus_workspace(4, (size_t)(rows * inputs) * 2);
  const int64_t together = x.row_stride == inputs ? rows : 1;
  for (int64_t row = 0; row < rows; row += together)
    apus_convert(together * inputs, vectors_from(x, row).data, x.dtype, to + row * inputs * 2, APUS_BF16);
  return (apus_matrix){to, APUS_BF16, inputs, 1};
}

void apus_q8_linear_by_tiles(int64_t rows, int64_t inputs, int64_t outputs, apus_matrix x, const void *packed, void *y,
                             apus_dtype y_dtype, int64_t y_stride) {
  if (x.dtype != APUS_BF16) x = rounded(x, rows, inputs);
  const int64_t wanted = tasks_of_thread * apus_pool_threads(), tiles = divide_up(outputs, tile_side);
  tiles_job job = {.rows = rows, .inputs = inputs, .outputs = outputs, .x = x, .packed = packed, .y = y,
                   .y_dtype = y_dtype, .y_stride = y_stride, .columns = divide_up(tiles, wanted) * tile_side};
  const int64_t most = least(most_outputs, widened_bytes / (2 * inputs));
  job.at_once = most < tile_side ? tile_side : least(most / tile_side * tile_side, job.columns);
  job.column_blocks = divide_up(outputs, job.columns);
  // Rows are shared out too, though each share has to widen for itself, where there are too few columns for all threads.
  const int64_t some = divide_up(rows, divide_up(wanted, job.column_blocks)) + tile_side - 1;
  job.rows_at_once = some < least_rows ? least_rows : some / tile_side * tile_side;
  apus_parallel(job.column_blocks * divide_up(rows, job.rows_at_once), multiply_task, &job);
}

#else

// Sixteen outputs' weights of a block, one of each four inputs. A byte in the last bits of 2^23 adds itself to it.
INLINE vf V(widened)(vi weights, int shift, vf scales) {
  return ((vf)((weights >> shift & 0xff) | 0x4b000000) - (0x1p23f + q8_bias)) * scales;
}

static void V(widen_half)(apus_beside *work) {
  widening *w = (widening *)work;
  enum { steps = q8_block / 8, row = tile_side * 4 };
  const int64_t block = w->next / 2, panel = block / w->blocks, half = w->next++ % 2 * steps;
  const int64_t inputs = (panel / 2 * w->blocks + block % w->blocks) * q8_block + 4 * half;
  char *out = w->widened + inputs * tile_side * 2 + panel % 2 * 64;
  const char *record = w->records + block * q8_record_bytes, *from = record + q8_scales_bytes + half * 64;
  if (record < w->end) {
    vh halves;
    memcpy(&halves, record, 32);
    vf scales = (vf)(__builtin_convertvector(halves, vu) << 13) * 0x1p112f;
    for (int i = 0; i < steps; i++, out += 2 * row) {
      vi weights;
      memcpy(&weights, from + i * 64, 64);
      __builtin_prefetch(from + i * 64 + 2048);
      for (int e = 0; e < 2; e++)
        V(store_pairs)(out + e * row, V(widened)(weights, 16 * e, scales), V(widened)(weights, 16 * e + 8, scales));
    }
  } else {
    for (int i = 0; i < 2 * steps; i++, out += row) memset(out, 0, 64);
  }
}
#endif
