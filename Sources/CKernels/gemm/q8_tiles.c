// Products of many rows with weights in blocks of eight bits where there is a tile unit: it multiplies bf16 so much
// faster than the vector unit does bytes that the weights are widened for it, a block of outputs at a time.
#ifndef APUS_BODY
#define SOURCE_FILE "../gemm/q8_tiles.c"
#include "apus_pool.h"
#include "gemm_blocks.h"
#include "q8_blocks.h"
#include "q8_tiles.h"
#include "vector.h"

// What is widened at once stays in a second-level cache, or where that is few outputs, is enough to share out.
enum { widened_bytes = 1 << 20, least_outputs = 512, columns_per_tile = 32 };

typedef struct {
  int64_t blocks, panels;
  const char *packed;
  char *widened;
} widen_job;
#include "for_each_variant.h"

void apus_q8_linear_by_tiles(int64_t rows, int64_t inputs, int64_t outputs, apus_matrix x, const void *packed, void *y,
                             apus_dtype y_dtype, int64_t y_stride) {
  const int64_t blocks = inputs / q8_block, some = widened_bytes / (2 * inputs);
  const int64_t step = divide_up(some > least_outputs ? some : least_outputs, columns_per_tile) * columns_per_tile;
  char *widened = apus_workspace(6, apus_gemm_packed_bytes(APUS_BF16, inputs, least(step, outputs)));
  for (int64_t first = 0; first < outputs; first += step) {
    const int64_t count = least(step, outputs - first);
    const char *panels = (const char *)packed + first / q8_columns * blocks * q8_record_bytes;
    widen_job job = {blocks, q8_panels(count), panels, widened};
    apus_parallel(divide_up(count, columns_per_tile), CHOOSE(widen_task), &job);
    apus_gemm(APUS_BF16, rows, count, inputs, x, widened, (char *)y + (size_t)first * apus_dtype_size(y_dtype), y_dtype,
              y_stride, false, 1);
  }
}

#else

// Sixteen outputs' weights of a block, one of each four inputs.
INLINE vh V(widen)(vi weights, int shift, vf scales) {
  return V(narrow)(__builtin_convertvector(((weights >> shift) & 0xff) - q8_bias, vf) * scales);
}

// Two panels of sixteen outputs become one of 32, as pairs of inputs.
static void V(widen_task)(void *context, int64_t tile, int worker) {
  (void)worker;
  const widen_job *j = context;
  char *to = j->widened + tile * j->blocks * q8_block * columns_per_tile * 2;
  for (int64_t half = 0; half < 2; half++) {
    const int64_t panel = 2 * tile + half;
    const char *record = j->packed + panel * j->blocks * q8_record_bytes;
    for (int64_t b = 0; b < j->blocks; b++, record += q8_record_bytes) {
      char *out = to + b * q8_block * columns_per_tile * 2 + half * 64;
      if (panel >= j->panels) {
        for (int i = 0; i < q8_block / 2; i++) memset(out + i * columns_per_tile * 4, 0, 64);
        continue;
      }
      vh halves;
      memcpy(&halves, record, 32);
      vf scales = (vf)(__builtin_convertvector(halves, vu) << 13) * 0x1p112f;
      for (int i = 0; i < q8_block / 4; i++, out += 2 * columns_per_tile * 4) {
        vi weights;
        memcpy(&weights, record + q8_scales_bytes + i * 64, 64);
        for (int e = 0; e < 2; e++) {
          vh even = V(widen)(weights, 16 * e, scales), odd = V(widen)(weights, 16 * e + 8, scales);
          vu both = __builtin_convertvector(even, vu) | __builtin_convertvector(odd, vu) << 16;
          memcpy(out + e * columns_per_tile * 4, &both, 64);
        }
      }
    }
  }
}
#endif
