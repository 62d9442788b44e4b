// Rounding weights to blocks of eight bits, and packing them.
#include "apus_pool.h"
#include "q8_blocks.h"
#include <math.h>
#include <string.h>

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

// As roundf, halves away from zero, without a call for each.
static inline int8_t nearest(float x) {
  const int whole = (int)x;
  const float rest = x - (float)whole;
  return (int8_t)(whole + (rest >= 0.5f) - (rest <= -0.5f));
}

static uint16_t round_block(const float *x, int8_t *q) {
  float most[8] = {0};  // side by side, for the compiler's vectors
  for (int i = 0; i < q8_block; i += 8)
    for (int j = 0; j < 8; j++) most[j] = fabsf(x[i + j]) > most[j] ? fabsf(x[i + j]) : most[j];
  float largest = 0;
  for (int j = 0; j < 8; j++) largest = most[j] > largest ? most[j] : largest;
  // Of a scale so small that its inverse may be none, half precision keeps nothing.
  float scale = largest / 127, inverse = scale >= 0x1p-126f ? 1 / scale : 0;
  for (int i = 0; i < q8_block; i++) q[i] = nearest(x[i] * inverse);
  return to_half(scale);
}
float apus_q8_round_block(const float *x, int8_t *q) { return from_half(round_block(x, q)); }

size_t apus_q8_packed_bytes(int64_t inputs, int64_t outputs) {
  return (size_t)(q8_panels(outputs) * (inputs / q8_block) * q8_record_bytes);
}

typedef struct {
  int64_t inputs, outputs;
  const float *weight;
  char *packed;
} pack_job;

static void pack_panel(void *context, int64_t panel, int worker) {
  (void)worker;
  const pack_job *j = context;
  for (int64_t b = 0; b < j->inputs / q8_block; b++) {
    char *record = j->packed + (panel * (j->inputs / q8_block) + b) * q8_record_bytes;
    uint16_t *scales = (uint16_t *)record;
    uint8_t *weights = (uint8_t *)record + q8_scales_bytes;
    for (int64_t column = 0; column < q8_columns; column++) {
      int8_t q[q8_block] = {0};
      int64_t output = panel * q8_columns + column;
      scales[column] = output < j->outputs ? round_block(j->weight + output * j->inputs + b * q8_block, q) : 0;
      for (int i = 0; i < q8_block; i++)
        weights[i / 4 * 4 * q8_columns + column * 4 + i % 4] = (uint8_t)(q[i] + q8_bias);
    }
  }
}
void apus_q8_pack(int64_t inputs, int64_t outputs, const float *weight, void *packed) {
  pack_job job = {inputs, outputs, weight, packed};
  apus_parallel(q8_panels(outputs), pack_panel, &job);
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
    int8_t q[q8_block];
    float scale = apus_q8_round_block(j->weight + b * q8_block, q);
    for (int i = 0; i < q8_block; i++) j->weight[b * q8_block + i] = (float)q[i] * scale;
  }
}
void apus_q8_round(int64_t count, float *weight) {
  round_job job = {count / q8_block, weight};
  apus_parallel((job.blocks + blocks_per_round - 1) / blocks_per_round, round_blocks, &job);
}
