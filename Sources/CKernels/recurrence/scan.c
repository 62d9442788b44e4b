// The recurrence of linear attention. The state is taken in tiles of eight rows and two vectors of lanes that stay in
// registers while a chunk of tokens goes by: three multiply-adds an element and token, as many as the products of a chunked
// form would take for heads of 64, and no exponential of a sum of decays that could overflow. One task is one head (or the
// heads that share a result) and one block of lanes of a sequence.
#ifndef APUS_BODY
#define SOURCE_FILE "../recurrence/scan.c"
#include "apus_pool.h"
#include "recurrence.h"
#include "for_each_variant.h"
#include <string.h>

int64_t apus_scan_product_width(int64_t lanes, bool of_lanes) { return of_lanes ? lanes : round_up(lanes, LANE_BLOCK) / LANE_BLOCK; }

void apus_scan_run(const apus_scan *s) {
  int64_t blocks = round_up(s->lanes, LANE_BLOCK) / LANE_BLOCK;
  apus_parallel(s->sequences * (s->heads / s->out_share) * blocks, CHOOSE(scan_task), (void *)s);
}

static double value(const apus_head_vectors *m, int64_t token, int64_t head, int64_t width, int64_t i) {
  int64_t at = token * m->stride + head / m->share * width + i;
  double x = m->dtype == APUS_F32 ? ((const float *)m->data)[at] : bf16_to_float(((const uint16_t *)m->data)[at]);
  return x * m->factor;
}
static void reference_head(const apus_scan *s, int64_t sequence, int64_t head, double *state, double *out) {
  for (int64_t i = 0; i < s->rows * s->lanes; i++)
    state[i] = s->state ? s->state[(sequence * s->heads + head) * s->rows * s->lanes + i] : 0;
  for (int64_t i = 0; i < s->length; i++) {
    int64_t token = apus_token(s->length, s->reverse, i), row = sequence * s->length + token;
    bool begins = apus_begins(s->first, sequence, s->length, s->reverse, token);
    int64_t decays = apus_decay_token(s->length, s->reverse, s->order == APUS_READ_LAST, token);
    for (int64_t l = 0; l < s->lanes; l++) {
      double sum = 0;
      for (int64_t r = 0; r < s->rows; r++) {
        double *at = state + r * s->lanes + l, decay = 1, before = begins ? 0 : *at;
        if (decays >= 0 && s->decay_axis != APUS_DECAY_NONE) {
          int64_t head_at = (sequence * s->length + decays) * s->heads + head;
          decay = s->decay_axis == APUS_DECAY_HEAD   ? s->decay[head_at]
                  : s->decay_axis == APUS_DECAY_ROWS ? s->decay[head_at * s->rows + r]
                                                     : s->decay[head_at * s->lanes + l];
        }
        double added = value(&s->row, row, head, s->rows, r) * value(&s->lane, row, head, s->lanes, l);
        *at = before * decay + added;
        double seen = s->order == APUS_READ_AFTER ? *at : s->order == APUS_READ_DECAYED ? before * decay : before;
        sum += value(&s->read, row, head, s->rows, r) * seen;
      }
      out[token * s->lanes + l] = sum;
    }
  }
  for (int64_t i = 0; s->state && i < s->rows * s->lanes; i++)
    s->state[(sequence * s->heads + head) * s->rows * s->lanes + i] = (float)state[i];
}
void apus_scan_reference(const apus_scan *s) {
  double *state = apus_workspace(6, (size_t)(s->rows * s->lanes + 2 * s->length * s->lanes) * 8);
  double *one = state + s->rows * s->lanes, *sum = one + s->length * s->lanes;
  int64_t width = apus_scan_product_width(s->lanes, s->products_of_lanes);
  for (int64_t sequence = 0; sequence < s->sequences; sequence++)
    for (int64_t head = 0; head < s->heads; head++) {
      reference_head(s, sequence, head, state, one);
      bool opens = head % s->out_share == 0;
      for (int64_t i = 0; i < s->length * s->lanes; i++) sum[i] = opens ? one[i] : sum[i] + one[i];
      for (int64_t t = 0; t < s->length; t++) {
        int64_t row = sequence * s->length + t, to = row - (s->order == APUS_READ_LAST && !s->reverse);
        bool counts = s->products && !(to < row && apus_begins(s->first, sequence, s->length, false, t)) && to >= sequence * s->length;
        for (int64_t l = 0; l < s->lanes; l++) {
          int64_t at = row * s->out_stride + head / s->out_share * s->lanes + l;
          double x = sum[t * s->lanes + l] * s->out_factor;
          if (s->accumulate) ((float *)s->out)[at] += (float)(one[t * s->lanes + l] * s->out_factor);
          else if (s->out_dtype == APUS_F32) ((float *)s->out)[at] = (float)x;
          else ((uint16_t *)s->out)[at] = float_to_bf16((float)x);
          if (counts)
            s->products[(to * s->heads + head) * width + (s->products_of_lanes ? l : l / LANE_BLOCK)] +=
                (float)(s->product_factor * s->out_factor * value(&s->reference, row, head, s->lanes, l) * one[t * s->lanes + l]);
        }
      }
    }
}

#else
#include "recurrence_body.h"

// What a chunk of tokens brings, in the order in which they are taken.
typedef struct {
  int64_t count, stride;      // tokens; of the rows' vectors
  const float *read, *row;    // [count, stride]
  const float *lane;          // [count, LANE_BLOCK]
  const float *decay;         // [count], [count, stride] or [count, LANE_BLOCK]
  const bool *begins;         // [count]
  float *out;                 // [count, LANE_BLOCK], added to
} V(scan_chunk);

// Eight rows of the state `[rows, LANE_BLOCK]`, the first of which is `row0`.
INLINE void V(scan_tile)(const V(scan_chunk) * c, int64_t row0, float *state, const apus_read_order order,
                         const apus_decay_axis axis) {
  vf s[ROW_TILE][2];
  for (int i = 0; i < ROW_TILE; i++)
    for (int j = 0; j < 2; j++) LOAD_F32(s[i][j], state + (row0 + i) * LANE_BLOCK + j * 16);
  for (int64_t t = 0; t < c->count; t++) {
    if (c->begins[t])
      for (int i = 0; i < ROW_TILE; i++) s[i][0] = s[i][1] = (vf){0};
    const float *read = c->read + t * c->stride + row0, *row = c->row + t * c->stride + row0;
    vf lane[2], out[2], decay[2] = {{0}, {0}};
    for (int j = 0; j < 2; j++) {
      LOAD_F32(lane[j], c->lane + t * LANE_BLOCK + j * 16);
      LOAD_F32(out[j], c->out + t * LANE_BLOCK + j * 16);
      if (axis == APUS_DECAY_LANES) LOAD_F32(decay[j], c->decay + t * LANE_BLOCK + j * 16);
      if (axis == APUS_DECAY_HEAD) decay[j] = vsplat(c->decay[t]);
    }
    for (int i = 0; i < ROW_TILE; i++)
      for (int j = 0; j < 2; j++) {
        if (order == APUS_READ_LAST) out[j] += s[i][j] * read[i];
        if (axis == APUS_DECAY_ROWS) s[i][j] *= c->decay[t * c->stride + row0 + i];
        else if (axis != APUS_DECAY_NONE) s[i][j] *= decay[j];
        if (order == APUS_READ_DECAYED) out[j] += s[i][j] * read[i];
        s[i][j] += lane[j] * row[i];
        if (order == APUS_READ_AFTER) out[j] += s[i][j] * read[i];
      }
    for (int j = 0; j < 2; j++) memcpy(c->out + t * LANE_BLOCK + j * 16, &out[j], 64);
  }
  for (int i = 0; i < ROW_TILE; i++)
    for (int j = 0; j < 2; j++) memcpy(state + (row0 + i) * LANE_BLOCK + j * 16, &s[i][j], 64);
}
#define TILES(order, axis)                                                                                             \
  for (int64_t r = 0; r < rows; r += ROW_TILE) V(scan_tile)(c, r, state, order, axis)
#define TILES_OF(order)                                                                                                \
  if (axis == APUS_DECAY_NONE) { TILES(order, APUS_DECAY_NONE); }                                                      \
  else if (axis == APUS_DECAY_HEAD) { TILES(order, APUS_DECAY_HEAD); }                                                 \
  else if (axis == APUS_DECAY_ROWS) { TILES(order, APUS_DECAY_ROWS); }                                                 \
  else { TILES(order, APUS_DECAY_LANES); }
static void V(scan_after)(const V(scan_chunk) * c, int64_t rows, float *state, apus_decay_axis axis) {
  TILES_OF(APUS_READ_AFTER)
}
static void V(scan_decayed)(const V(scan_chunk) * c, int64_t rows, float *state, apus_decay_axis axis) {
  TILES_OF(APUS_READ_DECAYED)
}
static void V(scan_last)(const V(scan_chunk) * c, int64_t rows, float *state, apus_decay_axis axis) {
  TILES_OF(APUS_READ_LAST)
}
#undef TILES
#undef TILES_OF

// Adds the products of a chunk's results and of the reference.
INLINE void V(add_products)(const apus_scan *s, const int64_t *at, int64_t count, int64_t row0, const bool *first,
                            int64_t head, int64_t lane0, int64_t wide, const float *out) {
  const int64_t width = s->products_of_lanes ? s->lanes : (s->lanes + LANE_BLOCK - 1) / LANE_BLOCK;
  const int64_t back = s->order == APUS_READ_LAST && !s->reverse;
  float reference[LANE_BLOCK], factor = s->product_factor * s->out_factor;
  for (int64_t t = 0; t < count; t++) {
    if (back && (first[t] || at[t] == row0)) continue;
    V(gather)(&s->reference, at + t, 1, head, s->lanes, lane0, wide, reference, LANE_BLOCK);
    float *to = s->products + ((at[t] - back) * s->heads + head) * width;
    vf sum = {0};
    for (int64_t l = 0; l < wide; l += 16) {
      vf a, b;
      LOAD_F32(a, reference + l);
      LOAD_F32(b, out + t * LANE_BLOCK + l);
      a *= b * factor;
      sum += a;
      if (s->products_of_lanes) {
        vf old = V(load_up_to)(to, lane0 + l, wide - l, APUS_F32) + a;
        V(store_up_to)(to, lane0 + l, wide - l, old, APUS_F32);
      }
    }
    if (!s->products_of_lanes) to[lane0 / LANE_BLOCK] += V(sum)(sum);
  }
}

static void V(scan_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const apus_scan *s = context;
  const int64_t blocks = (s->lanes + LANE_BLOCK - 1) / LANE_BLOCK, results = s->heads / s->out_share;
  const int64_t sequence = task / (blocks * results), result = task / blocks % results, lane0 = task % blocks * LANE_BLOCK;
  const int64_t wide = s->lanes - lane0 < LANE_BLOCK ? s->lanes - lane0 : LANE_BLOCK;
  const int64_t rows = round_up(s->rows, ROW_TILE), stride = round_up(s->rows, 16), group = s->out_share;
  const bool last = s->order == APUS_READ_LAST;
  float *states = apus_workspace(0, (size_t)(group * rows * LANE_BLOCK) * 4);
  float *read = apus_workspace(1, (size_t)(CHUNK * (3 * stride + 4 * LANE_BLOCK)) * 4);
  float *row = read + CHUNK * stride, *decay = row + CHUNK * stride, *lane = decay + CHUNK * (stride + LANE_BLOCK);
  float *one = lane + CHUNK * LANE_BLOCK, *sum = one + CHUNK * LANE_BLOCK;
  memset(states, 0, (size_t)(group * rows * LANE_BLOCK) * 4);
  for (int64_t g = 0; s->state && g < group; g++) {
    const float *from = s->state + (sequence * s->heads + result * group + g) * s->rows * s->lanes + lane0;
    for (int64_t r = 0; r < s->rows; r++)
      memcpy(states + (g * rows + r) * LANE_BLOCK, from + r * s->lanes, (size_t)wide * 4);
  }
  for (int64_t i0 = 0; i0 < s->length; i0 += CHUNK) {
    int64_t count = s->length - i0 < CHUNK ? s->length - i0 : CHUNK, at[CHUNK], decays[CHUNK];
    bool begins[CHUNK], firsts[CHUNK];
    for (int64_t i = 0; i < count; i++) {
      int64_t token = apus_token(s->length, s->reverse, i0 + i), d = apus_decay_token(s->length, s->reverse, last, token);
      at[i] = sequence * s->length + token;
      decays[i] = d < 0 ? -1 : sequence * s->length + d;
      begins[i] = apus_begins(s->first, sequence, s->length, s->reverse, token);
      firsts[i] = apus_begins(s->first, sequence, s->length, false, token);
    }
    for (int64_t g = 0; g < group; g++) {
      const int64_t head = result * group + g;
      V(gather)(&s->read, at, count, head, s->rows, 0, s->rows, read, stride);
      V(gather)(&s->row, at, count, head, s->rows, 0, s->rows, row, stride);
      V(gather)(&s->lane, at, count, head, s->lanes, lane0, wide, lane, LANE_BLOCK);
      apus_head_vectors factors = {s->decay, APUS_F32, 0, 1, 1};
      if (s->decay_axis == APUS_DECAY_ROWS) {
        factors.stride = s->heads * s->rows;
        V(gather)(&factors, decays, count, head, s->rows, 0, s->rows, decay, stride);
      } else if (s->decay_axis == APUS_DECAY_LANES) {
        factors.stride = s->heads * s->lanes;
        V(gather)(&factors, decays, count, head, s->lanes, lane0, wide, decay, LANE_BLOCK);
      } else if (s->decay_axis == APUS_DECAY_HEAD) {
        for (int64_t i = 0; i < count; i++) decay[i] = decays[i] < 0 ? 0 : s->decay[decays[i] * s->heads + head];
      }
      memset(one, 0, (size_t)(count * LANE_BLOCK) * 4);
      V(scan_chunk) chunk = {count, stride, read, row, lane, decay, begins, one};
      float *state = states + g * rows * LANE_BLOCK;
      if (s->order == APUS_READ_AFTER) V(scan_after)(&chunk, rows, state, s->decay_axis);
      else if (s->order == APUS_READ_DECAYED) V(scan_decayed)(&chunk, rows, state, s->decay_axis);
      else V(scan_last)(&chunk, rows, state, s->decay_axis);
      if (s->products) V(add_products)(s, at, count, sequence * s->length, firsts, head, lane0, wide, one);
      for (int64_t i = 0; i < count * LANE_BLOCK; i += 16) {
        vf a = V(load)(one, i, APUS_F32);
        if (g > 0) a += V(load)(sum, i, APUS_F32);
        memcpy(sum + i, &a, 64);
      }
    }
    for (int64_t i = 0; i < count; i++)
      for (int64_t l = 0; l < wide; l += 16) {
        int64_t to = at[i] * s->out_stride + result * s->lanes + lane0 + l;
        vf v = V(load)(sum, i * LANE_BLOCK + l, APUS_F32) * s->out_factor;
        if (s->accumulate) v += V(load_up_to)(s->out, to, wide - l, s->out_dtype);
        V(store_up_to)(s->out, to, wide - l, v, s->out_dtype);
      }
  }
  for (int64_t g = 0; s->state && g < group; g++) {
    float *to = s->state + (sequence * s->heads + result * group + g) * s->rows * s->lanes + lane0;
    for (int64_t r = 0; r < s->rows; r++)
      memcpy(to + r * s->lanes, states + (g * rows + r) * LANE_BLOCK, (size_t)wide * 4);
  }
}
#endif
