// Products of a few rows with weights in blocks of eight bits: every weight is read once, in order of memory.
// A panel holds 16 outputs; for each block of 32 inputs 16 scales in half precision, then 16 pairs of inputs [16][2].
#ifndef APUS_BODY
#define SOURCE_FILE "../gemm/q8_product.c"
#include "apus_pool.h"
#include "apus_q8.h"
#include "vector.h"
enum { block = 32, panel_columns = 16, record_bytes = 2 * panel_columns + block * panel_columns };

typedef struct {
  int64_t rows, inputs, outputs, panels_per_task;
  const char *packed;
  const int16_t *x;       // [rows, inputs]
  const float *x_scales;  // [rows, inputs / 32]
  void *y;
  apus_dtype y_dtype;
  int64_t y_stride;
} q8_job;
#include "for_each_variant.h"

// To half precision, nearest even, of a number that is not negative.
static uint16_t to_half(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  if (u >= 0x477ff000u) return u > 0x7f800000u ? 0x7e00 : 0x7c00;
  if (u < 0x38800000u) return (uint16_t)lrintf(f * 0x1p24f);
  u += 0xfffu + ((u >> 13) & 1);
  return (uint16_t)((u - 0x38000000u) >> 13);
}
static float from_half(uint16_t h) {
  uint32_t u = (uint32_t)h << 13;
  float f;
  memcpy(&f, &u, 4);
  return f * 0x1p112f;
}

// Rounds a block to multiples of its scale, as ggml's Q8_0: the largest is 127 of them.
static uint16_t round_block(const float *x, int8_t *q) {
  float largest = 0;
  for (int i = 0; i < block; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
  float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0;
  for (int i = 0; i < block; i++) q[i] = (int8_t)roundf(x[i] * inverse);
  return to_half(scale);
}

static int64_t panels(int64_t outputs) { return (outputs + panel_columns - 1) / panel_columns; }

size_t apus_q8_packed_bytes(int64_t inputs, int64_t outputs) {
  return (size_t)(panels(outputs) * (inputs / block) * record_bytes);
}

typedef struct {
  int64_t inputs, outputs;
  const float *weight;
  char *packed;
} pack_job;

static void pack_panel(void *context, int64_t panel, int worker) {
  (void)worker;
  const pack_job *j = context;
  for (int64_t b = 0; b < j->inputs / block; b++) {
    char *record = j->packed + (panel * (j->inputs / block) + b) * record_bytes;
    uint16_t *scales = (uint16_t *)record;
    int8_t *weights = (int8_t *)record + 2 * panel_columns;
    for (int64_t column = 0; column < panel_columns; column++) {
      int8_t q[block] = {0};
      int64_t output = panel * panel_columns + column;
      scales[column] = output < j->outputs ? round_block(j->weight + output * j->inputs + b * block, q) : 0;
      for (int i = 0; i < block; i++) weights[i / 2 * 2 * panel_columns + column * 2 + i % 2] = q[i];
    }
  }
}
void apus_q8_pack(int64_t inputs, int64_t outputs, const float *weight, void *packed) {
  pack_job job = {inputs, outputs, weight, packed};
  apus_parallel(panels(outputs), pack_panel, &job);
}

enum { blocks_per_round = 512 };
typedef struct {
  int64_t blocks;
  float *weight;
} round_job;
static void round_blocks(void *context, int64_t chunk, int worker) {
  (void)worker;
  const round_job *j = context;
  int64_t last = (chunk + 1) * blocks_per_round < j->blocks ? (chunk + 1) * blocks_per_round : j->blocks;
  for (int64_t b = chunk * blocks_per_round; b < last; b++) {
    int8_t q[block];
    float scale = from_half(round_block(j->weight + b * block, q));
    for (int i = 0; i < block; i++) j->weight[b * block + i] = (float)q[i] * scale;
  }
}
void apus_q8_round(int64_t count, float *weight) {
  round_job job = {count / block, weight};
  apus_parallel((job.blocks + blocks_per_round - 1) / blocks_per_round, round_blocks, &job);
}

void apus_q8_linear(int64_t rows, int64_t inputs, int64_t outputs, const void *x, apus_dtype x_dtype, int64_t x_stride,
                    const void *packed, void *y, apus_dtype y_dtype, int64_t y_stride) {
  if (rows <= 0 || rows > APUS_Q8_ROWS || outputs <= 0) return;
  size_t scales = (size_t)(rows * inputs / block) * sizeof(float);
  float *x_scales = apus_workspace(0, scales + (size_t)(rows * inputs) * sizeof(int16_t));
  int16_t *rounded = (int16_t *)((char *)x_scales + scales);
  CHOOSE(round_inputs)(rows, inputs, x, x_dtype, x_stride, rounded, x_scales);
  // Each thread goes through a stretch that lies together in memory.
  int64_t count = panels(outputs), share = (count + apus_pool_threads() - 1) / apus_pool_threads();
  q8_job job = {rows, inputs, outputs, share, packed, rounded, x_scales, y, y_dtype, y_stride};
  apus_parallel((count + share - 1) / share, CHOOSE(q8_task), &job);
}

void apus_q8_linear_reference(int64_t rows, int64_t inputs, int64_t outputs, const void *x, apus_dtype x_dtype,
                              int64_t x_stride, const float *weight, void *y, apus_dtype y_dtype, int64_t y_stride) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t o = 0; o < outputs; o++) {
      double sum = 0;
      for (int64_t b = 0; b < inputs / block; b++) {
        int8_t q[block];
        double scale = from_half(round_block(weight + o * inputs + b * block, q));
        for (int i = 0; i < block; i++) {
          int64_t at = r * x_stride + b * block + i;
          sum += scale * q[i] * (x_dtype == APUS_F32 ? ((const float *)x)[at] : bf16_to_float(((const uint16_t *)x)[at]));
        }
      }
      if (y_dtype == APUS_F32) ((float *)y)[r * y_stride + o] = (float)sum;
      else ((uint16_t *)y)[r * y_stride + o] = float_to_bf16((float)sum);
    }
}

#else

static void V(round_inputs)(int64_t rows, int64_t inputs, const void *x, apus_dtype type, int64_t stride, int16_t *to,
                            float *scales) {
  typedef int16_t vs __attribute__((vector_size(32)));
  for (int64_t r = 0; r < rows; r++)
    for (int64_t b = 0; b < inputs / block; b++) {
      vf low = V(load)(x, r * stride + b * block, type), high = V(load)(x, r * stride + b * block + 16, type);
      vf size = V(max)((vf)((vi)low & 0x7fffffff), (vf)((vi)high & 0x7fffffff));
      float scale = V(largest)(size) / 32767, inverse = scale > 0 ? 1 / scale : 0;
      // Adding and taking off 1.5 * 2^23 rounds to whole numbers.
      vf magic = vsplat(12582912.0f);
      vs first = __builtin_convertvector(low * inverse + magic - magic, vs);
      vs second = __builtin_convertvector(high * inverse + magic - magic, vs);
      memcpy(to + r * inputs + b * block, &first, 32);
      memcpy(to + r * inputs + b * block + 16, &second, 32);
      scales[r * (inputs / block) + b] = scale;
    }
}

// sum + the products of 16 outputs' weights [16][2] with a pair of inputs.
INLINE vi V(add_pair)(vi sum, const char *weights, int32_t pair) {
#ifdef REGISTERS_OF_SIXTEEN
  __m512i w = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)weights));
  return (vi)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16(w, _mm512_set1_epi32(pair)));
#else
  typedef int8_t vb __attribute__((vector_size(32)));
  typedef int16_t vw __attribute__((vector_size(64)));
  vb bytes;
  memcpy(&bytes, weights, 32);
  vi both = (vi)__builtin_convertvector(bytes, vw);
  return sum + (both << 16 >> 16) * (int16_t)pair + (both >> 16) * (pair >> 16);
#endif
}

INLINE void V(q8_panels)(const q8_job *j, int64_t panel0, int64_t panel1, const int rows) {
  int64_t blocks = j->inputs / block;
  const char *record = j->packed + panel0 * blocks * record_bytes;
  for (int64_t panel = panel0; panel < panel1; panel++) {
    vf sum[APUS_Q8_ROWS];
    for (int r = 0; r < rows; r++) sum[r] = vsplat(0);
    for (int64_t b = 0; b < blocks; b++, record += record_bytes) {
      vi whole[APUS_Q8_ROWS];
      for (int r = 0; r < rows; r++) whole[r] = (vi){0};
      for (int p = 0; p < block / 2; p++)
        for (int r = 0; r < rows; r++) {
          int32_t pair;
          memcpy(&pair, j->x + r * j->inputs + b * block + 2 * p, 4);
          whole[r] = V(add_pair)(whole[r], record + 2 * panel_columns + p * 2 * panel_columns, pair);
        }
      vh halves;
      memcpy(&halves, record, 32);
      // A half's bits thirteen places up are a float 2^112 times too small.
      vf scales = (vf)(__builtin_convertvector(halves, vu) << 13) * 0x1p112f;
      for (int r = 0; r < rows; r++)
        sum[r] += __builtin_convertvector(whole[r], vf) * (scales * j->x_scales[r * blocks + b]);
    }
    int64_t column = panel * panel_columns;
    for (int r = 0; r < rows; r++)
      V(store_up_to)(j->y, r * j->y_stride + column, j->outputs - column, sum[r], j->y_dtype);
  }
}
static void V(q8_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const q8_job *j = context;
  int64_t all = (j->outputs + panel_columns - 1) / panel_columns, panel0 = task * j->panels_per_task;
  int64_t panel1 = panel0 + j->panels_per_task < all ? panel0 + j->panels_per_task : all;
  switch (j->rows) {
  case 1: V(q8_panels)(j, panel0, panel1, 1); break;
  case 2: V(q8_panels)(j, panel0, panel1, 2); break;
  case 3: V(q8_panels)(j, panel0, panel1, 3); break;
  default: V(q8_panels)(j, panel0, panel1, 4);
  }
}
#endif
