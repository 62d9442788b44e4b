// Products by packed panels: B is packed whole, A in blocks that stay in the second-level cache, and a register
// tile takes the whole depth at once, so no partial sums go through memory.
#include "gemm_kernels.h"
#include "apus_pool.h"
#include "store_tile.h"
#include "vector.h"

enum { cache_bytes = 448 << 10, columns_per_task = 1024 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

size_t apus_gemm_packed_bytes(apus_dtype compute, int64_t depth, int64_t columns) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  return (size_t)divide_up(columns, k->tile_columns) * apus_panel_b_bytes(k, depth);
}

// A matrix from the point of view of packing: rows are the packed vectors, columns the depth.
static apus_matrix vectors_from(apus_matrix m, int64_t first) {
  int64_t size = (int64_t)apus_dtype_size(m.dtype);
  m.data = (const char *)m.data + first * m.row_stride * size;
  return m;
}
static apus_matrix transposed(apus_matrix m) {
  int64_t rows = m.row_stride;
  m.row_stride = m.column_stride;
  m.column_stride = rows;
  return m;
}

typedef struct {
  const apus_gemm_kernel *kernel;
  int64_t depth, columns;
  apus_matrix right;  // transposed: rows are columns of B
  char *packed;
} pack_job;

static void pack_task(void *context, int64_t panel, int worker) {
  (void)worker;
  pack_job *j = context;
  int64_t first = panel * j->kernel->tile_columns;
  j->kernel->pack_b(vectors_from(j->right, first), j->depth, least(j->kernel->tile_columns, j->columns - first),
                    j->packed + (size_t)panel * apus_panel_b_bytes(j->kernel, j->depth));
}

void apus_gemm_pack(apus_dtype compute, int64_t depth, int64_t columns, apus_matrix right, void *packed) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  pack_job job = {k, depth, columns, transposed(right), packed};
  apus_parallel(divide_up(columns, k->tile_columns), pack_task, &job);
}

typedef struct {
  const apus_gemm_kernel *kernel;
  int64_t rows, columns, depth, block_rows, block_columns, column_blocks;
  apus_matrix left;
  const char *packed_left;  // NULL: each task packs its own block
  const char *packed;
  char *c;
  apus_dtype c_dtype;
  int64_t c_stride;
  bool accumulate;
  float scale;
} product;

static void product_task(void *context, int64_t task, int worker) {
  (void)worker;
  const product *p = context;
  const apus_gemm_kernel *k = p->kernel;
  int64_t row0 = task / p->column_blocks * p->block_rows, row1 = least(row0 + p->block_rows, p->rows);
  int64_t column0 = task % p->column_blocks * p->block_columns, column1 = least(column0 + p->block_columns, p->columns);
  size_t a_panel = apus_panel_a_bytes(k, p->depth), b_panel = apus_panel_b_bytes(k, p->depth);
  int64_t depth = apus_padded_depth(k, p->depth);
  const char *a;
  if (p->packed_left) {
    a = p->packed_left + (size_t)(row0 / k->tile_rows) * a_panel;
  } else {
    char *block = apus_workspace(0, (size_t)divide_up(row1 - row0, k->tile_rows) * a_panel);
    for (int64_t r = row0; r < row1; r += k->tile_rows)
      k->pack_a(vectors_from(p->left, r), p->depth, least(k->tile_rows, row1 - r),
                block + (size_t)((r - row0) / k->tile_rows) * a_panel);
    a = block;
  }
  _Alignas(64) float tile[32 * 32];
  apus_store_function store = apus_store_tile_function();
  size_t element_bytes = apus_dtype_size(p->c_dtype);
  bool direct = p->c_dtype == APUS_F32 && p->scale == 1;
  if (k->begin) k->begin();
  for (int64_t column = column0; column < column1; column += k->tile_columns) {
    const char *b = p->packed + (size_t)(column / k->tile_columns) * b_panel;
    for (int64_t row = row0; row < row1; row += k->tile_rows) {
      const char *a_here = a + (size_t)((row - row0) / k->tile_rows) * a_panel;
      int64_t rows = least(k->tile_rows, row1 - row), columns = least(k->tile_columns, column1 - column);
      if (direct && rows == k->tile_rows && columns == k->tile_columns) {
        k->tile(depth, a_here, b, (float *)p->c + row * p->c_stride + column, p->c_stride, p->accumulate);
      } else {
        k->tile(depth, a_here, b, tile, k->tile_columns, false);
        store(tile, k->tile_columns, p->c + (size_t)(row * p->c_stride + column) * element_bytes, p->c_dtype,
              p->c_stride, rows, columns, p->accumulate, p->scale);
      }
    }
  }
  if (k->end) k->end();
}

typedef struct {
  const apus_gemm_kernel *kernel;
  int64_t rows, depth;
  apus_matrix left;
  char *packed;
} left_job;

static void pack_left_task(void *context, int64_t panel, int worker) {
  (void)worker;
  left_job *j = context;
  int64_t first = panel * j->kernel->tile_rows;
  j->kernel->pack_a(vectors_from(j->left, first), j->depth, least(j->kernel->tile_rows, j->rows - first),
                    j->packed + (size_t)panel * apus_panel_a_bytes(j->kernel, j->depth));
}

void apus_gemm(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left, const void *packed,
               void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate, float scale) {
  if (rows <= 0 || columns <= 0) return;
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  product p = {k,    rows, columns, depth,   0,        0,          0,    left,
               NULL, packed, c,     c_dtype, c_stride, accumulate, scale};
  int64_t panel = (int64_t)apus_panel_a_bytes(k, depth);
  int64_t panels = cache_bytes / (panel > 0 ? panel : 1);
  panels = panels < 1 ? 1 : panels > 16 ? 16 : panels;
  p.block_rows = panels * k->tile_rows;
  int64_t row_blocks = divide_up(rows, p.block_rows);
  p.block_columns = columns;
  p.column_blocks = 1;
  if (row_blocks < 12) {
    // Too few blocks of rows to share out evenly: pack A once for all and split the columns too.
    int64_t left_panels = divide_up(rows, k->tile_rows);
    char *packed_left = apus_workspace(1, (size_t)left_panels * (size_t)panel);
    left_job job = {k, rows, depth, left, packed_left};
    apus_parallel(left_panels, pack_left_task, &job);
    p.packed_left = packed_left;
    int64_t blocks = least(divide_up(24, row_blocks), divide_up(columns, k->tile_columns));
    int64_t width = least(divide_up(divide_up(columns, blocks), k->tile_columns) * k->tile_columns, columns_per_task);
    p.block_columns = width;
    p.column_blocks = divide_up(columns, width);
  }
  apus_parallel(row_blocks * p.column_blocks, product_task, &p);
}

static double element(apus_matrix m, int64_t i, int64_t j, apus_dtype compute) {
  int64_t at = i * m.row_stride + j * m.column_stride;
  if (m.dtype == APUS_BF16) return bf16_to_float(((const uint16_t *)m.data)[at]);
  float f = ((const float *)m.data)[at];
  return compute == APUS_BF16 ? bf16_to_float(float_to_bf16(f)) : f;
}

void apus_gemm_reference(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                         apus_matrix right, void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate,
                         float scale) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      double sum = 0;
      for (int64_t k = 0; k < depth; k++) sum += element(left, i, k, compute) * element(right, k, j, compute);
      int64_t at = i * c_stride + j;
      if (c_dtype == APUS_BF16) ((uint16_t *)c)[at] = float_to_bf16((float)(sum * scale));
      else ((float *)c)[at] = (float)((accumulate ? ((float *)c)[at] : 0) + sum * scale);
    }
}
