// One product of packed panels, as its tasks see it.
#ifndef APUS_PRODUCT_H
#define APUS_PRODUCT_H
#include "gemm_blocks.h"

typedef struct {
  const apus_gemm_kernel *kernel;
  apus_dtype compute;
  int64_t rows, columns, depth, block_rows, block_columns, row_blocks, column_blocks;
  apus_matrix left;
  int64_t row_blocks_of_thread;  // that it takes before it helps others
  int64_t row_blocks_at_once;    // so many are taken with all columns, a block of these at a time, before the next ones
  bool direct;              // A is read where it lies
  bool deep;                // stretches of depth are outermost, while a task's C stays in the second-level cache
  bool stretches;           // the depth is taken in parts where tiles are rounded
  const char *packed_left;  // NULL: each task packs its own block
  // Where A is also packed turned, its rows the depth, as an operand of a later product; NULL: nowhere.
  char *turned;
  apus_pack_function turn;
  int turned_width;
  bool turned_aside;  // it goes past the caches
  const char *packed;
  size_t panel_bytes;  // from one panel of B to the next
  char *c;
  apus_dtype c_dtype;
  int64_t c_stride;
  bool accumulate;
  float scale;
  apus_beside *beside;     // done meanwhile, where one thread alone computes the product; NULL: nothing
  apus_epilogue epilogue;  // NULL: C is written
  const void *context;
} product;

// Rows of a last, shorter tile up to which they are taken four and one at a time where A lies in place.
enum { few_rows = 8 };

static inline int64_t row_bytes(apus_matrix m) { return m.row_stride * (int64_t)apus_dtype_size(m.dtype); }

// Computes block `task` of the product that `context` is.
void product_task(void *context, int64_t task, int worker);

// c = left x packed by the thread that calls it from inside parallel work, with as much of other work as is due.
void apus_gemm_beside(apus_dtype compute, int64_t rows, int64_t columns, int64_t depth, apus_matrix left,
                      const void *packed, void *c, apus_dtype c_dtype, int64_t c_stride, apus_beside *beside);

// Shares a product out in blocks and runs it. `block_columns` 0: as suits the shape.
void run_product(product p, int64_t most_panels, int64_t block_columns);

#endif
