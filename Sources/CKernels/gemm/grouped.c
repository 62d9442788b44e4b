// Products of groups of rows, each with a matrix of its own. A piece is some rows of a group and some columns, multiplied
// whole on one thread: groups may be small and of any size, and no row is there for filling up.
#include "apus_experts.h"
#include "apus_pool.h"
#include "gemm_blocks.h"

// Rows and columns of a piece. Fewer columns where pieces would be too few to share out evenly.
enum { piece_rows = 192, least_pieces = 24, least_columns = 64 };

typedef struct {
  int64_t group, row0, row1, column0, column1;
} piece;

typedef struct {
  apus_dtype compute, dtype;
  int64_t depth, columns;  // of the product
  const int64_t *offsets;
  const char *left;
  const void *const *packed;
  char *out;
  // Of weight gradients.
  const char *x;
  float *const *d_weight;
  int64_t inputs;
  char **packed_inputs;
  const piece *pieces;
} grouped_job;

// Rounds a width up to whole tiles.
static int64_t whole_tiles(const apus_gemm_kernel *k, int64_t width) {
  return divide_up(width, k->tile_columns) * k->tile_columns;
}

// Cuts `columns` columns of every group into pieces; `by_rows`: and its rows too. Returns how many; NULL counts only.
static int64_t cut(const apus_gemm_kernel *k, int64_t groups, const int64_t *offsets, int64_t columns, bool by_rows,
                   piece *pieces) {
  int64_t row_pieces = 0, count = 0;
  for (int64_t g = 0; g < groups; g++) {
    int64_t rows = offsets[g + 1] - offsets[g];
    row_pieces += rows == 0 ? 0 : by_rows ? divide_up(rows, piece_rows) : 1;
  }
  if (row_pieces == 0) return 0;
  int64_t parts = divide_up(least_pieces, row_pieces), width = divide_up(columns, parts);
  width = whole_tiles(k, width < least_columns ? least_columns : width);
  for (int64_t g = 0; g < groups; g++) {
    int64_t step = by_rows ? piece_rows : offsets[g + 1] - offsets[g];
    for (int64_t row = offsets[g]; row < offsets[g + 1]; row += step)
      for (int64_t column = 0; column < columns; column += width, count++)
        if (pieces)
          pieces[count] = (piece){g, row, least(row + step, offsets[g + 1]), column, least(column + width, columns)};
  }
  return count;
}

static apus_matrix rows_of(const char *data, apus_dtype dtype, int64_t row, int64_t columns) {
  return (apus_matrix){data + row * columns * (int64_t)apus_dtype_size(dtype), dtype, columns, 1};
}

static void rows_task(void *context, int64_t task, int worker) {
  (void)worker;
  const grouped_job *j = context;
  const piece *p = j->pieces + task;
  const apus_gemm_kernel *k = apus_gemm_kernel_for(j->compute);
  const char *b = (const char *)j->packed[p->group] + (size_t)(p->column0 / k->tile_columns) * apus_panel_b_bytes(k, j->depth);
  apus_gemm(j->compute, p->row1 - p->row0, p->column1 - p->column0, j->depth,
            rows_of(j->left, j->dtype, p->row0, j->depth), b,
            j->out + (p->row0 * j->columns + p->column0) * (int64_t)apus_dtype_size(j->dtype), j->dtype, j->columns,
            false, 1);
}

static void run_rows(grouped_job job, int64_t groups) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(job.compute);
  int64_t count = cut(k, groups, job.offsets, job.columns, true, NULL);
  piece *pieces = apus_workspace(6, (size_t)(count + 1) * sizeof(piece));
  cut(k, groups, job.offsets, job.columns, true, pieces);
  job.pieces = pieces;
  apus_parallel(count, rows_task, &job);
}

void apus_grouped_linear(apus_dtype compute, int64_t groups, const int64_t *offsets, int64_t inputs, int64_t outputs,
                         const void *x, apus_dtype dtype, const void *const *packed, void *y) {
  run_rows((grouped_job){.compute = compute, .dtype = dtype, .depth = inputs, .columns = outputs, .offsets = offsets,
                         .left = x, .packed = packed, .out = y},
           groups);
}

static void pack_task(void *context, int64_t group, int worker) {
  (void)worker;
  const grouped_job *j = context;
  int64_t rows = j->offsets[group + 1] - j->offsets[group];
  if (rows > 0 && j->d_weight[group])
    apus_gemm_pack(j->compute, rows, j->inputs, rows_of(j->x, j->dtype, j->offsets[group], j->inputs),
                   j->packed_inputs[group]);
}

// Rows of a weight gradient are the columns of d_out: a piece's columns.
static void weights_task(void *context, int64_t task, int worker) {
  (void)worker;
  const grouped_job *j = context;
  const piece *p = j->pieces + task;
  if (!j->d_weight[p->group]) return;
  apus_matrix left = rows_of(j->left, j->dtype, p->row0, j->depth);
  left.data = (const char *)left.data + p->column0 * (int64_t)apus_dtype_size(j->dtype);
  apus_gemm(j->compute, p->column1 - p->column0, j->inputs, p->row1 - p->row0, transposed(left),
            j->packed_inputs[p->group], j->d_weight[p->group] + p->column0 * j->inputs, APUS_F32, j->inputs, true, 1);
}

void apus_grouped_linear_backward(apus_dtype compute, int64_t groups, const int64_t *offsets, int64_t inputs,
                                  int64_t outputs, const void *d_out, const void *x, apus_dtype dtype,
                                  const void *const *packed, void *d_in, float *const *d_weight) {
  grouped_job job = {.compute = compute, .dtype = dtype, .depth = outputs, .columns = inputs, .offsets = offsets,
                     .left = d_out, .packed = packed, .out = d_in, .x = x, .d_weight = d_weight, .inputs = inputs};
  run_rows(job, groups);
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  size_t bytes = 0, places = (size_t)groups * sizeof(char *);
  for (int64_t g = 0; g < groups; g++) bytes += apus_gemm_packed_bytes(compute, offsets[g + 1] - offsets[g], inputs);
  int64_t count = cut(k, groups, offsets, outputs, false, NULL);
  piece *pieces = apus_workspace(6, (size_t)(count + 1) * sizeof(piece) + places);
  cut(k, groups, offsets, outputs, false, pieces);
  job.packed_inputs = (char **)(pieces + count + 1);
  job.pieces = pieces;
  char *next = apus_workspace(4, bytes);
  for (int64_t g = 0; g < groups; g++) {
    job.packed_inputs[g] = next;
    next += apus_gemm_packed_bytes(compute, offsets[g + 1] - offsets[g], inputs);
  }
  apus_parallel(groups, pack_task, &job);
  apus_parallel(count, weights_task, &job);
}
