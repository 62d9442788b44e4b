// Products by packed panels: B is packed whole, A lies in place or is packed in blocks that stay in the second-level
// cache, and a register tile takes the whole depth at once, so no partial sums go through memory. Only a depth too long
// for the caches is taken in blocks, or by the tile unit in stretches.
#include "product.h"
#include "apus_pool.h"
#include <string.h>

enum { cache_bytes = 448 << 10, small_right = 1 << 20, columns_per_task = 1024 };

// Of a first-level cache of 64 sets of lines of 64 bytes, those that `lines` lines of each of `rows` rows, `bytes`
// apart, fall into.
static int sets_of(int64_t rows, int64_t bytes, int64_t lines) {
  uint64_t sets = 0;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t line = 0; line < lines; line++) sets |= (uint64_t)1 << ((i * bytes / 64 + line) % 64);
  return __builtin_popcountll(sets);
}

// Whether a tile's rows of A, `bytes` apart, can stay there while the depth goes on: strides near a multiple of 4 KiB
// put them all into the same few sets, and then packing is cheaper.
static bool spreads_over_sets(const apus_gemm_kernel *k, int64_t bytes, int64_t rows) {
  return k->whole_lines || sets_of(rows, bytes, 1) * 4 >= rows;
}

// Whether a stretch of depth of a tile's rows can stay there while the columns go by.
static bool keeps_stretches(const apus_gemm_kernel *k, int64_t bytes) {
  return sets_of(k->tile_rows, bytes, k->across * k->element_bytes / 64) >= 48;
}

typedef struct {
  apus_matrix from;
  int64_t rows, bytes, stride;
  char *to;
} copy_job;
enum { rows_per_copy = 16 };

static void copy_task(void *context, int64_t chunk, int worker) {
  (void)worker;
  const copy_job *j = context;
  for (int64_t r = chunk * rows_per_copy; r < least(j->rows, (chunk + 1) * rows_per_copy); r++)
    memcpy(j->to + r * j->stride, (const char *)j->from.data + r * row_bytes(j->from), (size_t)j->bytes);
}

int64_t apus_gemm_row_stride(apus_dtype compute, int64_t columns) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  int64_t size = (int64_t)apus_dtype_size(compute), stride = divide_up(columns * size, 64) * 64;
  if (!k->tile_direct || spreads_over_sets(k, columns * size, k->tile_rows)) return columns;
  while (!spreads_over_sets(k, stride, k->tile_rows)) stride += 64;
  return stride / size;
}

// The same rows `stride` bytes apart, where they spread over a cache's sets; a copy costs half of what packing does.
static apus_matrix spread(apus_matrix m, int64_t rows, int64_t columns, int64_t stride) {
  int64_t size = (int64_t)apus_dtype_size(m.dtype);
  copy_job job = {m, rows, columns * size, stride, apus_workspace(1, (size_t)(rows * stride))};
  apus_parallel(divide_up(rows, rows_per_copy), copy_task, &job);
  return (apus_matrix){job.to, m.dtype, stride / size, 1};
}

void run_product(product p, int64_t most_panels, int64_t block_columns) {
  const apus_gemm_kernel *k = p.kernel;
  bool in_order = k->tile_direct && p.left.dtype == p.compute && p.left.column_stride == 1 &&
                  p.depth % k->depth_unit == 0;
  p.direct = in_order && spreads_over_sets(k, row_bytes(p.left), least(k->tile_rows, p.rows));
  int64_t panel = (int64_t)apus_panel_a_bytes(k, p.depth);
  int64_t panels = cache_bytes / (panel > 0 ? panel : 1);
  panels = panels < 1 ? 1 : panels > most_panels ? most_panels : panels;
  // A block of 8 panels of 14 rows, as of 16 rows, is packed turned in whole lines.
  if (p.turned_aside && panels > 8) panels = panels / 8 * 8;
  p.block_rows = panels * k->tile_rows;
  const int64_t sixteenth = divide_up(divide_up(p.rows, k->tile_rows), 16);
  if (k->across) p.block_rows = (p.deep ? most_panels : least(most_panels, sixteenth)) * k->tile_rows;
  p.row_blocks = divide_up(p.rows, p.block_rows);
  p.block_columns = block_columns > 0 ? block_columns : p.columns;
  const int64_t right_bytes = divide_up(p.columns, k->tile_columns) * (int64_t)p.panel_bytes;
  const bool reading = block_columns == 0 && p.rows <= few_rows;  // B, which is all the work
  if (reading) {
    p.block_columns = k->tile_columns;
  } else if (block_columns == 0 && k->across) {
    const int64_t blocks = divide_up(right_bytes, small_right);
    const int64_t width = divide_up(p.columns, blocks < 1 ? 1 : blocks);
    p.block_columns = divide_up(width, k->tile_columns) * k->tile_columns;
  } else if (block_columns == 0 && p.row_blocks < 32) {
    // Too few blocks of rows to share out evenly: the columns are split too.
    int64_t blocks = least(divide_up(64, p.row_blocks), divide_up(p.columns, k->tile_columns));
    int64_t width = divide_up(divide_up(p.columns, blocks), k->tile_columns) * k->tile_columns;
    p.block_columns = least(width, columns_per_task);
  }
  p.column_blocks = divide_up(p.columns, p.block_columns);
  // A right operand that the second-level caches hold is there for every block of rows; of a larger one a block of
  // columns is taken with all the rows that a thread comes to, so that each reads it from memory once.
  p.row_blocks_of_thread = divide_up(p.row_blocks, apus_pool_threads());
  p.row_blocks_at_once = right_bytes <= small_right ? 1 : p.row_blocks_of_thread;
  if (in_order && !p.direct && !p.packed_left && !p.epilogue && p.column_blocks > 1) {
    p.left = spread(p.left, p.rows, p.depth, apus_gemm_row_stride(p.compute, p.depth) * k->element_bytes);
    p.direct = true;
  }
  // A product of some depth takes it in stretches; a copy that these need pays where there are many columns.
  p.stretches = k->tile_row && !p.deep && 2 * p.depth > 3 * k->across;
  if (p.stretches && p.direct && !reading && !keeps_stretches(k, row_bytes(p.left))) {
    p.stretches = p.columns >= columns_per_task;
    int64_t stride = divide_up(p.depth * k->element_bytes, 64) * 64;
    while (!keeps_stretches(k, stride)) stride += 64;
    if (p.stretches) p.left = spread(p.left, p.rows, p.depth, stride);
  }
  if (!p.direct && !p.packed_left && (p.column_blocks > 1 || p.left.row_stride == 1)) {
    // Several tasks need the same rows, or these lie across memory: packed once for all.
    char *packed_left = apus_workspace(1, (size_t)(divide_up(p.rows, k->tile_rows) * panel));
    pack_left(k, p.left, p.rows, p.depth, packed_left);
    p.packed_left = packed_left;
  }
  apus_reading right = {{p.packed}, {(int64_t)p.panel_bytes}};
  if (reading && p.row_blocks == 1) apus_parallel_reading(right, p.column_blocks, product_task, &p);
  else apus_parallel(p.row_blocks * p.column_blocks, product_task, &p);
}
