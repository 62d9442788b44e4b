// Packing of right operands, whole.
#include "apus_pool.h"
#include "gemm_blocks.h"

size_t apus_gemm_packed_bytes(apus_dtype compute, int64_t depth, int64_t columns) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  return (size_t)divide_up(columns, k->tile_columns) * apus_panel_b_bytes(k, depth);
}

typedef struct {
  const apus_gemm_kernel *kernel;
  int64_t depth, columns, columns_per_task, depth_per_task;
  apus_matrix right;  // transposed: rows are columns of B
  char *packed;
} pack_job;

static void pack_task(void *context, int64_t task, int worker) {
  (void)worker;
  const pack_job *j = context;
  const apus_gemm_kernel *k = j->kernel;
  int64_t column_tasks = divide_up(j->columns, j->columns_per_task);
  int64_t column = task % column_tasks * j->columns_per_task, first = task / column_tasks * j->depth_per_task;
  size_t panel = apus_panel_b_bytes(k, j->depth);
  pack_panels(k->pack_b, k->tile_columns, k->element_bytes, panel, vectors_from(j->right, column),
              least(j->columns_per_task, j->columns - column), first, least(first + j->depth_per_task, j->depth),
              j->packed + (size_t)(column / k->tile_columns) * panel);
}

void apus_gemm_pack(apus_dtype compute, int64_t depth, int64_t columns, apus_matrix right, void *packed) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  apus_matrix turned = transposed(right);
  // A task reads whole stretches of memory: some rows of B, or some of its columns where these are contiguous.
  bool by_rows = turned.row_stride == 1;
  pack_job job = {k,      depth,  columns, by_rows ? 1024 : k->tile_columns, by_rows ? 128 : depth > 0 ? depth : 1,
                  turned, packed};
  apus_parallel(divide_up(columns, job.columns_per_task) * divide_up(depth, job.depth_per_task), pack_task, &job);
}
