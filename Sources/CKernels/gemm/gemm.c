// Products as callers ask for them: plain ones, those of a linear layer and its backward pass, and those whose results go
// to an epilogue. A depth too long for the caches is taken in blocks.
#include "apus_pool.h"
#include "product.h"
#include "store_tile.h"

// A packed operand of at least `least_aside` bytes is not in a second-level cache any more when it comes to be read.
enum { least_block_work = 100 << 20, least_aside = 1 << 20 };
// Of a product that is taken with its depth outermost: enough rows for all threads, and more sums than the second-level
// caches hold; and a task's panels and columns, whose sums one does.
enum { deep_rows = 1024, deep_sums = 1 << 20, deep_panels = 8, deep_columns = 512 };

// The depth that is taken at once; a product that is deeper adds up several. Blocks for the first-level cache pay where
// there is much to do between the barriers. A block is whole tiles in either direction.
static int64_t deepest(const apus_gemm_kernel *k, int64_t rows, int64_t columns, int64_t depth) {
  const int64_t whole = k->tile_rows * k->depth_unit;
  int64_t block = k->depth_block;
  if (block == 0 || depth <= 6 * block || rows * columns * block < least_block_work) {
    if (depth <= 6144) return depth;
    block = 8192 / k->element_bytes;
  }
  return block / whole * whole;
}

static product make(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                    const void *packed) {
  product p = {.kernel = apus_gemm_kernel_for(compute), .compute = compute, .rows = rows, .columns = columns, .depth = depth,
               .left = left, .packed = packed, .scale = 1};
  p.panel_bytes = apus_panel_b_bytes(p.kernel, depth);
  return p;
}

static product into(product p, void *c, apus_dtype c_dtype, int64_t c_stride) {
  p.c = c;
  p.c_dtype = c_dtype;
  p.c_stride = c_stride;
  return p;
}

// Has the left operand also packed turned, past the caches if there is one for that and there is much of it.
static product turning(product p, apus_pack_function pack, apus_pack_function aside, int width, void *to) {
  p.turned = to;
  p.turned_width = width;
  p.turned_aside = aside && p.rows * p.depth * p.kernel->element_bytes >= least_aside;
  p.turn = p.turned_aside ? aside : pack;
  return p;
}

typedef struct {
  int64_t rows, columns;
  const float *sums;
  char *c;
  apus_dtype c_dtype;
  int64_t c_stride;
  bool accumulate;
  float scale;
} store_job;
enum { rows_per_store = 16 };

static void store_task(void *context, int64_t chunk, int worker) {
  (void)worker;
  const store_job *j = context;
  int64_t row = chunk * rows_per_store;
  apus_store_tile_function()(j->sums + row * j->columns, j->columns,
                             j->c + (size_t)(row * j->c_stride) * apus_dtype_size(j->c_dtype), j->c_dtype, j->c_stride,
                             least(rows_per_store, j->rows - row), j->columns, j->accumulate, j->scale);
}

static void store_sums(const float *sums, int64_t rows, int64_t columns, void *c, apus_dtype c_dtype, int64_t c_stride,
                       bool accumulate, float scale) {
  store_job job = {rows, columns, sums, c, c_dtype, c_stride, accumulate, scale};
  apus_parallel(divide_up(rows, rows_per_store), store_task, &job);
}

// A product's right operand: packed before or, where that is NULL, a matrix of which each block of depth is packed when
// it is its turn.
typedef struct {
  const char *packed;
  apus_matrix matrix;
} right_operand;

// Sets a product's depth to `depth` from `first` on.
static product over_depth(product p, right_operand right, int64_t first, int64_t depth) {
  const apus_gemm_kernel *k = p.kernel;
  p.depth = depth;
  p.left.data = (const char *)p.left.data + first * p.left.column_stride * (int64_t)apus_dtype_size(p.left.dtype);
  if (right.packed) {
    p.packed = right.packed + (size_t)first * (size_t)(k->tile_columns * k->element_bytes);
    return p;
  }
  apus_matrix part = right.matrix;
  part.data = (const char *)part.data + first * part.row_stride * (int64_t)apus_dtype_size(part.dtype);
  char *packed = apus_workspace(7, apus_gemm_packed_bytes(p.compute, depth, p.columns));
  apus_gemm_pack(p.compute, depth, p.columns, part, packed);
  p.packed = packed;
  p.panel_bytes = apus_panel_b_bytes(k, depth);
  return p;
}

static void multiply(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                     right_operand right, void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate, float scale,
                     apus_beside *work) {
  if (rows <= 0 || columns <= 0) return;
  product p = into(make(compute, rows, columns, depth, left, right.packed), c, c_dtype, c_stride);
  p.beside = work;
  p.accumulate = accumulate;
  p.scale = scale;
  const int64_t block = deepest(p.kernel, rows, columns, depth);
  if (depth <= block) {
    run_product(over_depth(p, right, 0, depth), 16, 0);
    return;
  }
  // Blocks of depth are summed in float: in C itself or, where that is no plain sum, beside it.
  bool beside = c_dtype != APUS_F32 || scale != 1;
  if (beside) {
    p = into(p, apus_workspace(2, (size_t)(rows * columns) * sizeof(float)), APUS_F32, columns);
    p.accumulate = false;
    p.scale = 1;
  }
  p.deep = p.kernel->tile_row && right.packed && left.dtype == compute && left.column_stride == 1 &&
           depth % p.kernel->depth_unit == 0 && rows >= deep_rows && rows * columns >= deep_sums;
  if (p.deep) {
    run_product(over_depth(p, right, 0, depth), deep_panels, deep_columns);
  } else {
    for (int64_t first = 0; first < depth; first += block) {
      run_product(over_depth(p, right, first, least(block, depth - first)), 16, 0);
      p.accumulate = true;
    }
  }
  if (!beside) return;
  store_sums((const float *)p.c, rows, columns, c, c_dtype, c_stride, accumulate, scale);
}

void apus_gemm(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left, const void *packed,
               void *c, apus_dtype c_dtype, int64_t c_stride, bool accumulate, float scale) {
  right_operand right = {.packed = packed};
  multiply(compute, rows, columns, depth, left, right, c, c_dtype, c_stride, accumulate, scale, NULL);
}

void apus_gemm_beside(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                      const void *packed, void *c, apus_dtype c_dtype, int64_t c_stride, apus_beside *beside) {
  right_operand right = {.packed = packed};
  multiply(compute, rows, columns, depth, left, right, c, c_dtype, c_stride, false, 1, beside);
}

void apus_linear(apus_dtype compute, int64_t rows, int64_t inputs, int64_t outputs, apus_matrix x,
                 const void *packed_weight, void *y, apus_dtype y_dtype, void *packed_x) {
  if (rows <= 0 || outputs <= 0 || inputs <= 0) return;
  if (inputs > deepest(apus_gemm_kernel_for(compute), rows, outputs, inputs)) {
    apus_gemm_pack(compute, rows, inputs, x, packed_x);
    apus_gemm(compute, rows, outputs, inputs, x, packed_weight, y, y_dtype, outputs, false, 1);
    return;
  }
  product p = into(make(compute, rows, outputs, inputs, x, packed_weight), y, y_dtype, outputs);
  run_product(turning(p, p.kernel->pack_b, p.kernel->pack_b_aside, p.kernel->tile_columns, packed_x), 16, 0);
}

void apus_linear_backward(apus_dtype compute, int64_t rows, int64_t outputs, int64_t inputs, apus_matrix d_out,
                          const void *packed_weight, apus_matrix weight, void *d_in, apus_dtype d_in_dtype,
                          const void *packed_in, float *d_weight, bool accumulate) {
  if (rows <= 0 || outputs <= 0 || inputs <= 0) return;
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  const right_operand right = {packed_weight, weight};
  if (rows > deepest(k, outputs, inputs, rows)) {
    apus_gemm(compute, outputs, inputs, rows, transposed(d_out), packed_in, d_weight, APUS_F32, inputs, accumulate, 1);
    multiply(compute, rows, inputs, outputs, d_out, right, d_in, d_in_dtype, inputs, false, 1, NULL);
    return;
  }
  // Blocks of outputs, whose gradient is still in the caches when that of their weights is computed from it.
  const int64_t block = deepest(k, rows, inputs, outputs);
  const bool beside = outputs > block && d_in_dtype != APUS_F32;
  float *sums = beside ? apus_workspace(8, (size_t)(rows * inputs) * sizeof(float)) : d_in;
  for (int64_t first = 0; first < outputs; first += block) {
    const int64_t here = least(block, outputs - first);
    product in = make(compute, rows, inputs, outputs, d_out, packed_weight);
    in = over_depth(into(in, sums, outputs > block ? APUS_F32 : d_in_dtype, inputs), right, first, here);
    in.accumulate = first > 0;
    in = turning(in, k->pack_a, k->pack_a_aside, k->tile_rows,
                 apus_workspace(2, (size_t)divide_up(here, k->tile_rows) * apus_panel_a_bytes(k, rows)));
    run_product(in, 16, 0);
    product gradient = make(compute, here, inputs, rows, transposed(in.left), packed_in);
    gradient = into(gradient, d_weight + first * inputs, APUS_F32, inputs);
    gradient.accumulate = accumulate;
    gradient.packed_left = in.turned;
    run_product(gradient, 16, 0);
  }
  if (beside) store_sums(sums, rows, inputs, d_in, d_in_dtype, inputs, false, 1);
}

void apus_gemm_epilogue(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                        const void *packed, int64_t strip_columns, apus_epilogue epilogue, const void *context) {
  if (rows <= 0 || columns <= 0) return;
  product p = make(compute, rows, columns, depth, left, packed);
  p.epilogue = epilogue;
  p.context = context;
  run_product(p, 8, strip_columns);
}
