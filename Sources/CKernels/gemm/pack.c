// Packing of whole operands on all threads.
#include "apus_pool.h"
#include "gemm_blocks.h"

size_t apus_gemm_packed_bytes(apus_dtype compute, int64_t depth, int64_t columns) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  return (size_t)divide_up(columns, k->tile_columns) * apus_panel_b_bytes(k, depth);
}

typedef struct {
  apus_pack_function pack;
  int width, element_bytes;
  int64_t count, depth, vectors_per_task, depth_per_task;
  apus_matrix vectors;
  size_t panel_bytes;
  char *packed;
} pack_job;

static void pack_task(void *context, int64_t task, int worker) {
  (void)worker;
  const pack_job *j = context;
  int64_t vector_tasks = divide_up(j->count, j->vectors_per_task);
  int64_t vector = task % vector_tasks * j->vectors_per_task, first = task / vector_tasks * j->depth_per_task;
  pack_panels(j->pack, j->width, j->element_bytes, j->panel_bytes, vectors_from(j->vectors, vector),
              least(j->vectors_per_task, j->count - vector), first, least(first + j->depth_per_task, j->depth),
              j->packed + (size_t)(vector / j->width) * j->panel_bytes);
}

static void pack_operand(apus_pack_function pack, int width, int element_bytes, size_t panel_bytes, apus_matrix vectors,
                         int64_t count, int64_t depth, void *packed) {
  // A task reads whole stretches of memory: some of the depth of many vectors that lie side by side, or one panel.
  bool side_by_side = vectors.row_stride == 1;
  pack_job job = {pack,  width,   element_bytes, count, depth, (side_by_side ? divide_up(4096, width) : 1) * width,
                  side_by_side ? 64 : depth > 0 ? depth : 1, vectors, panel_bytes, packed};
  apus_parallel(divide_up(count, job.vectors_per_task) * divide_up(depth, job.depth_per_task), pack_task, &job);
}

void apus_gemm_pack(apus_dtype compute, int64_t depth, int64_t columns, apus_matrix right, void *packed) {
  const apus_gemm_kernel *k = apus_gemm_kernel_for(compute);
  pack_operand(k->pack_b, k->tile_columns, k->element_bytes, apus_panel_b_bytes(k, depth), transposed(right), columns,
               depth, packed);
}

void pack_left(const apus_gemm_kernel *k, apus_matrix left, int64_t rows, int64_t depth, void *packed) {
  pack_operand(k->pack_a, k->tile_rows, k->element_bytes, apus_panel_a_bytes(k, depth), left, rows, depth, packed);
}
