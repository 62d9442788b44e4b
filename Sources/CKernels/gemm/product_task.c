// A block of a product: its tiles, taken down the columns or across the rows, and what is fetched meanwhile.
#include "product.h"
#include "apus_pool.h"
#include "store_tile.h"
#include <stdatomic.h>

// The left operand of a task's rows: packed panels, or where A lies in place only its last, shorter one.
static const char *left_panels(const product *p, int64_t row0, int64_t row1) {
  const apus_gemm_kernel *k = p->kernel;
  size_t panel = apus_panel_a_bytes(k, p->depth);
  if (p->packed_left) return p->packed_left + (size_t)(row0 / k->tile_rows) * panel;
  int64_t rest = (row1 - row0) % k->tile_rows;
  if (p->direct && rest <= few_rows) return NULL;
  int64_t first = p->direct ? row1 - rest : row0;
  char *panels = apus_workspace(0, (size_t)divide_up(row1 - first, k->tile_rows) * panel);
  pack_panels(k->pack_a, k->tile_rows, k->element_bytes, panel, vectors_from(p->left, first), row1 - first, 0, p->depth,
              panels);
  return panels;
}

static const char *row_in_place(const product *p, int64_t row) {
  return (const char *)p->left.data + row * row_bytes(p->left);
}

// B's packed columns from `column` on, at depth `first`.
static const char *columns_from(const product *p, int64_t column, int64_t first) {
  const apus_gemm_kernel *k = p->kernel;
  return p->packed + (size_t)(column / k->tile_columns) * p->panel_bytes + first * k->tile_columns * k->element_bytes;
}

// One tile of C from `row` on, of which `rows` exist, over `depth` from `first` on; `a` is its packed panel where A does
// not lie in place, and `b` that of B.
static void multiply_tile(const product *p, int64_t first, int64_t depth, const char *a, int64_t row, int64_t rows,
                          const char *b, float *to, int64_t stride, bool add, apus_fetches *fetches) {
  const apus_gemm_kernel *k = p->kernel;
  int64_t bytes = row_bytes(p->left);
  const char *in_place = row_in_place(p, row) + first * k->element_bytes;
  a += first * k->tile_rows * k->element_bytes;
  b += first * k->tile_columns * k->element_bytes;
  if (k->tile_fetching && rows == k->tile_rows) {
    k->tile_fetching(depth, p->direct ? in_place : a, p->direct ? bytes : 0, b, to, stride, add, fetches);
  } else if (p->direct && rows == k->tile_rows) {
    k->tile_direct(depth, in_place, bytes, b, to, stride, add);
  } else if (p->direct && rows <= few_rows) {
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4) k->direct_4(depth, in_place + r * bytes, bytes, b, to + r * stride, stride, add);
    for (; r < rows; r++) k->direct_1(depth, in_place + r * bytes, bytes, b, to + r * stride, stride, add);
  } else if (k->tile_short && rows <= k->short_rows) {
    k->tile_short(depth, a, b, to, stride, add);
  } else {
    k->tile(depth, a, b, to, stride, add);
  }
}

// A whole tile of a C in bf16.
static void multiply_rounded(const product *p, const char *a, int64_t row, const char *b, uint16_t *to) {
  const apus_gemm_kernel *k = p->kernel;
  int64_t depth = apus_padded_depth(k, p->depth);
  if (p->direct) k->direct_rounded(depth, row_in_place(p, row), row_bytes(p->left), b, to, p->c_stride);
  else k->tile_rounded(depth, a, b, to, p->c_stride);
}

// Fetches rows of C, `bytes` apart, that the next tile adds to.
static void expect_rows(const char *c, int64_t bytes, int64_t rows) {
  for (int64_t i = 0; i < rows; i++, c += bytes) {
    __builtin_prefetch(c);
    __builtin_prefetch(c + 64);
  }
}

// The same of rows in bf16 that the next tile writes.
static void expect_written(const char *c, int64_t bytes, int64_t rows) {
  for (int64_t i = 0; i < rows; i++, c += bytes) __builtin_prefetch(c, 1);
}

// How often a tile over `depth` fetches something: each time, or all at once before it.
static int64_t fetches_of(const product *p, int64_t depth) {
  return p->kernel->tile_fetching && depth > APUS_FETCH_STEP ? divide_up(depth, APUS_FETCH_STEP) : 1;
}

// `bytes` from `at` on, fetched in so many parts.
static apus_coming coming(const char *at, int64_t bytes, int64_t parts) {
  return (apus_coming){at, at + bytes, divide_up(bytes / 64, parts)};
}

// Of the rows of A after `row1`, which the tasks of the next block read, the part that the task of one of the blocks of
// columns fetches while it computes `tiles` tiles, where these do not fetch by themselves.
static apus_coming rows_to_come(const product *p, int64_t row1, int64_t column_block, int64_t tiles) {
  bool close = p->left.column_stride == 1 && p->left.row_stride <= 2 * p->depth;
  if (p->kernel->fetches || p->row_blocks_at_once > 1 || p->packed_left || !close) return (apus_coming){0};
  int64_t lines = least(p->block_rows, p->rows - row1) * row_bytes(p->left) / 64;
  int64_t first = lines * column_block / p->column_blocks, end = lines * (column_block + 1) / p->column_blocks;
  return coming(row_in_place(p, row1) + first * 64, (end - first) * 64, tiles * fetches_of(p, p->depth));
}

// The columns of B after those at `column`, over the same depth, fetched during `tiles` tiles.
static apus_coming columns_to_come(const product *p, int64_t column, int64_t column1, int64_t depth, int64_t tiles) {
  const int64_t next = column + p->kernel->tile_columns;
  if (!p->kernel->tile_fetching || next >= column1) return (apus_coming){0};
  return coming(columns_from(p, next, 0), depth * p->kernel->tile_columns * p->kernel->element_bytes,
                tiles * fetches_of(p, depth));
}

// What a task's tiles share.
typedef struct {
  const product *p;
  int64_t row0, row1, column0, column1;
  const char *a;  // packed rows
  float *strip;   // takes the tiles where there is an epilogue
  float *sums;    // take a row of tiles that are rounded, where they are deep; NULL: they are not
  bool in_floats, rounded;  // whole tiles are written where they belong, as floats or rounded
  apus_store_function store;
  apus_fetches fetches;
  apus_packing packing;  // of the rows that tiles are computed from
  apus_beside *beside;   // that, or what the product was given
} block;

static const char *panel_of(const block *t, int64_t row) {
  const apus_gemm_kernel *k = t->p->kernel;
  return t->a + (size_t)((row - t->row0) / k->tile_rows) * apus_panel_a_bytes(k, t->p->depth);
}
// Floats from one row of a strip to the next: a line more than its columns, or rows would share a cache's sets.
static int64_t strip_stride(const product *p) { return p->block_columns + 16; }
static float *in_strip(const block *t, int64_t row, int64_t column) {
  return t->strip + (row - t->row0) * strip_stride(t->p) + column - t->column0;
}

// The tile of C at (row, column), over `depth` from `first` on.
static void block_tile(block *t, int64_t row, int64_t column, int64_t first, int64_t depth) {
  const product *p = t->p;
  const apus_gemm_kernel *k = p->kernel;
  const int64_t element_bytes = (int64_t)apus_dtype_size(p->c_dtype), c_bytes = p->c_stride * element_bytes;
  const char *b = columns_from(p, column, 0);
  int64_t rows = least(k->tile_rows, t->row1 - row), columns = least(k->tile_columns, t->column1 - column);
  const bool whole = rows == k->tile_rows && columns == k->tile_columns, add = first > 0;
  const char *a = p->direct ? t->a : panel_of(t, row);
  char *c = p->epilogue ? NULL : p->c + row * c_bytes + column * element_bytes;
  const int64_t below = least(rows, t->row1 - row - rows);
  apus_fetches *f = &t->fetches;
  if (!k->tile_fetching) {
    apus_fetch_coming(&f->a);
  } else if (c) {
    f->c = c + rows * c_bytes;
    f->c_bytes = c_bytes;
    f->c_width = columns * element_bytes;
    f->c_rows = below;
    f->rows_at_once = divide_up(below, fetches_of(p, depth));
  }
  if (t->strip) {
    multiply_tile(p, first, depth, a, row, rows, b, in_strip(t, row, column), strip_stride(p), add, f);
  } else if (whole && t->rounded && k->tile_rounded) {
    expect_written(c + rows * c_bytes, c_bytes, below);
    multiply_rounded(p, a, row, b, (uint16_t *)c);
  } else if (whole && t->in_floats) {
    if (!k->tile_fetching && (p->accumulate || add)) expect_rows(c + rows * c_bytes, c_bytes, below);
    multiply_tile(p, first, depth, a, row, rows, b, (float *)c, p->c_stride, p->accumulate || add, f);
  } else if (!add) {
    _Alignas(64) float tile[32 * 32];
    multiply_tile(p, 0, apus_padded_depth(k, p->depth), a, row, rows, b, tile, k->tile_columns, false, f);
    t->store(tile, k->tile_columns, c, p->c_dtype, p->c_stride, rows, columns, p->accumulate, p->scale);
  }
}

// A's rows from `row` on, where they lie or packed, at depth `first`.
static const char *rows_from(const block *t, int64_t row, int64_t first) {
  const product *p = t->p;
  const apus_gemm_kernel *k = p->kernel;
  if (p->direct) return row_in_place(p, row) + first * k->element_bytes;
  return panel_of(t, row) + first * k->tile_rows * k->element_bytes;
}

// Whether there is more of the depth than up to `end`.
static bool goes_deeper(const product *p, int64_t end) { return end < apus_padded_depth(p->kernel, p->depth); }

// A's rows that are read after those at `row`, over `depth` from `first` on; NULL: none of the task's.
static const char *rows_after(const block *t, int64_t row, int64_t first, int64_t depth) {
  const product *p = t->p;
  const int64_t below = row + p->kernel->tile_rows, end = first + depth;
  const bool deeper = goes_deeper(p, end), more_rows = below < t->row1;
  if (p->deep) return more_rows ? rows_from(t, below, first) : deeper ? rows_from(t, t->row0, end) : NULL;
  return deeper ? rows_from(t, row, end) : more_rows ? rows_from(t, below, 0) : NULL;
}

static size_t turned_panel_bytes(const product *p) {
  return (size_t)(apus_padded_depth(p->kernel, p->rows) * p->turned_width * p->kernel->element_bytes);
}

// A row of tiles across the columns, over `depth` from `first` on. Meanwhile the rows of A that follow are fetched.
static void row_of_tiles(block *t, int64_t row, int64_t first, int64_t depth) {
  const product *p = t->p;
  const apus_gemm_kernel *k = p->kernel;
  const int64_t width = k->tile_columns, height = k->tile_rows, units = depth / k->depth_unit;
  const bool whole = t->row1 - row >= height && (t->strip || t->in_floats || t->rounded);
  const bool to_strip = t->strip || (t->sums && goes_deeper(p, first + depth));
  int64_t column = t->column0;
  const int64_t tiles = (t->column1 - column) / width;
  if (whole && depth > 0 && tiles > 0 && k->tile_row) {
    const int64_t element_bytes = to_strip ? 4 : (int64_t)apus_dtype_size(p->c_dtype), bytes = depth * k->element_bytes;
    const int64_t strip_bytes = strip_stride(p) * 4;
    char *strip = (char *)(t->strip ? in_strip(t, row, column) : t->sums);
    apus_tile_row r = {.beside = t->beside, .depth = depth, .tiles = tiles, .a = rows_from(t, row, first),
                       .a_bytes = p->direct ? row_bytes(p->left) : 0, .b = columns_from(p, column, first),
                       .b_bytes = (int64_t)p->panel_bytes, .rounded = !to_strip && t->rounded,
                       .c_bytes = to_strip ? strip_bytes : p->c_stride * element_bytes,
                       .expected = to_strip ? 0 : divide_up(height, units)};
    r.c = to_strip ? strip : p->c + row * r.c_bytes + column * element_bytes;
    if (first > 0 || (!to_strip && p->accumulate)) {
      r.from = strip ? strip : r.c;
      r.from_bytes = strip ? strip_bytes : r.c_bytes;
    }
    // The first rows that a thread takes bring B's columns into its caches. The others fetch what comes after them.
    r.brings = row == t->row0 && (p->deep || row / p->block_rows % p->row_blocks_of_thread == 0);
    if (!r.brings && (r.ahead = rows_after(t, row, first, depth))) {
      r.row_lines = (p->direct ? bytes : height * bytes) / 64;
      r.skip = p->direct ? r.a_bytes - bytes : 0;
      r.lines = divide_up(height * bytes / 64, tiles * units);
    }
    k->tile_row(&r);
    column += tiles * width;
  }
  for (; column < t->column1; column += width) block_tile(t, row, column, first, depth);
}

// Has a row of whole tiles, from `row` on, packed turned while they are computed. False where it is not.
static bool pack_beside(block *t, int64_t row) {
  const product *p = t->p;
  const apus_gemm_kernel *k = p->kernel;
  const int64_t tiles = (t->column1 - t->column0) / k->tile_columns;
  const int64_t units = tiles * (apus_padded_depth(k, p->depth) / k->depth_unit);
  if (!p->turned || t->column0 > 0 || !k->tile_row || t->row1 - row < k->tile_rows || units == 0) return false;
  const int64_t panels = divide_up(p->depth, p->turned_width);
  t->packing = (apus_packing){
      .work = apus_work_beside(apus_pack_next_panel, panels, units), .pack = p->turn,
      .vectors = transposed(vectors_from(p->left, row)), .count = p->depth, .depth = k->tile_rows,
      .width = p->turned_width, .to = p->turned + row * p->turned_width * k->element_bytes,
      .panel_bytes = turned_panel_bytes(p)};
  return true;
}

// The block's rows of tiles, a stretch of `at_once` of depth at a time. Returns the row before which all are packed
// turned.
static int64_t rows_of_tiles(block *t, int64_t depth, int64_t at_once) {
  const int64_t height = t->p->kernel->tile_rows;
  int64_t packed = t->row0;
  if (t->p->deep) {
    for (int64_t first = 0; first < depth; first += at_once)
      for (int64_t row = t->row0; row < t->row1; row += height)
        row_of_tiles(t, row, first, least(at_once, depth - first));
    return packed;
  }
  for (int64_t row = t->row0; row < t->row1; row += height) {
    const bool packs = pack_beside(t, row);
    for (int64_t first = 0; first == 0 || first < depth; first += at_once)
      row_of_tiles(t, row, first, least(at_once, depth - first));
    while (t->packing.work.left > 0) apus_next_piece(&t->packing.work);
    if (packs) packed = row + height;
  }
  return packed;
}

// The order of tasks.
static void find_blocks(const product *p, int64_t task, int64_t *row_block, int64_t *column_block) {
  const int64_t at_once = p->row_blocks_at_once, together = at_once * p->column_blocks, place = task % together;
  const int64_t first = task / together * at_once, rows = least(at_once, p->row_blocks - first);
  *row_block = first + place % rows;
  *column_block = place / rows;
}

void product_task(void *context, int64_t task, int worker) {
  (void)worker;
  const product *p = context;
  const apus_gemm_kernel *k = p->kernel;
  int64_t row_block, column_block;
  find_blocks(p, task, &row_block, &column_block);
  int64_t row0 = row_block * p->block_rows, row1 = least(row0 + p->block_rows, p->rows);
  int64_t column0 = column_block * p->block_columns, column1 = least(column0 + p->block_columns, p->columns);
  const int64_t depth = apus_padded_depth(k, p->depth);
  block t = {.p = p, .row0 = row0, .row1 = row1, .column0 = column0, .column1 = column1,
             .a = left_panels(p, row0, row1), .store = apus_store_tile_function(),
             .in_floats = !p->epilogue && p->c_dtype == APUS_F32 && p->scale == 1,
             .rounded = !p->epilogue && p->c_dtype == APUS_BF16 && p->scale == 1 &&
                        (k->tile_rounded || k->tile_row)};
  t.beside = p->beside ? p->beside : &t.packing.work;
  const int64_t row_panels = divide_up(row1 - row0, k->tile_rows);
  if (p->epilogue)
    t.strip = apus_workspace(3, (size_t)(row_panels * k->tile_rows * strip_stride(p)) * sizeof(float));
  t.fetches.a = rows_to_come(p, row1, column_block, row_panels * divide_up(column1 - column0, k->tile_columns));
  // Few rows in place never come to whole tiles.
  const bool tiles = !(p->direct && p->rows <= few_rows);
  if (tiles && k->begin) k->begin();
  int64_t packed = row0;  // rows before it are
  if (k->across) {
    // The depth is taken in stretches whose rows of A stay in the first-level cache, where sums have a place in float.
    const bool all_whole = (row1 - row0) % k->tile_rows == 0 && (column1 - column0) % k->tile_columns == 0;
    if (t.rounded && p->stretches && all_whole)
      t.sums = apus_workspace(3, (size_t)(k->tile_rows * strip_stride(p)) * sizeof(float));
    const int64_t stretches = t.strip || t.in_floats || t.sums ? divide_up(depth, k->across) : 1;
    const int64_t at_once = stretches > 1 ? divide_up(depth, stretches * k->depth_unit) * k->depth_unit
                                          : depth > 0 ? depth : 1;
    packed = rows_of_tiles(&t, depth, at_once);
  } else {
    for (int64_t column = column0; column < column1; column += k->tile_columns) {
      t.fetches.b = columns_to_come(p, column, column1, depth, row_panels);
      for (int64_t row = row0; row < row1; row += k->tile_rows) block_tile(&t, row, column, 0, depth);
    }
  }
  // Its rows lie in this core's cache by now.
  if (p->turned && column0 == 0)
    pack_panels(p->turn, p->turned_width, k->element_bytes, turned_panel_bytes(p), transposed(p->left), p->depth,
                packed, row1, p->turned);
  // What went past the caches is in no order with the other writes, until here.
  if (p->turned_aside) atomic_thread_fence(memory_order_seq_cst);
  if (t.strip) p->epilogue(p->context, row0, row1 - row0, column0, column1 - column0, t.strip, strip_stride(p));
}
