// Packing of right operands, whole.
#include "apus_pool.h"
#include "gemm_blocks.h"

size_t apus_gemm_packed_bytes(apus_dtype compute, int64_t depth, int64_t columns) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  return (size_t)divide_up(columns, k->tile_columns) * apus_panel_b_bytes(k, depth);
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
