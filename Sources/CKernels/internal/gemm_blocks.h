// What packing and products share.
#ifndef APUS_GEMM_BLOCKS_H
#define APUS_GEMM_BLOCKS_H
#include "gemm_kernels.h"

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A matrix from the point of view of packing: rows are the packed vectors, columns the depth.
static inline apus_matrix vectors_from(apus_matrix m, int64_t first) {
  int64_t size = (int64_t)apus_dtype_size(m.dtype);
  m.data = (const char *)m.data + first * m.row_stride * size;
  return m;
}
static inline apus_matrix transposed(apus_matrix m) {
  int64_t rows = m.row_stride;
  m.row_stride = m.column_stride;
  m.column_stride = rows;
  return m;
}

// Reads from every line of 64 bytes, in order of memory, so that the processor fetches ahead what is then used out of
// order.
static inline void touch(const char *from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) (void)*(const volatile char *)(from + i);
}

// Packs `count` vectors from depth `first` up to `last` (multiples of 32 but for the end) into their places in panels of
// `width` vectors that lie `panel_bytes` apart. Vectors that lie side by side are taken a few rows of depth at a time,
// so that each line of the source is read once and then used for all panels that it belongs to.
static inline void pack_panels(apus_pack_function pack, int width, int element_bytes, size_t panel_bytes, apus_matrix m,
                               int64_t count, int64_t first, int64_t last, char *panels) {
  bool side_by_side = m.row_stride == 1;
  int64_t step = side_by_side ? 32 : last - first, size = (int64_t)apus_dtype_size(m.dtype);
  for (int64_t k = first; k < last; k += step) {
    int64_t rows = least(step, last - k);
    const char *block = (const char *)m.data + k * m.column_stride * size;
    if (side_by_side)
      for (int64_t i = 0; i < rows; i++) touch(block + i * m.column_stride * size, count * size);
    apus_packing part = {.pack = pack, .vectors = m, .count = count, .depth = rows, .width = width,
                         .to = panels + k * width * element_bytes, .panel_bytes = panel_bytes};
    part.vectors.data = block;
    while (part.count > 0) apus_pack_next_panel(&part.work);
  }
}

// Packs a left operand whole, on all threads.
void pack_left(const apus_gemm_kernel *k, apus_matrix left, int64_t rows, int64_t depth, void *packed);

#endif
