// The gated delta rule, one token after another: what a token stores depends on what the state already answers to its
// key, so the whole column of a lane must be at hand. Two vectors of lanes are taken at a time, whose states stay in the
// first-level cache; a token's product is added when the next one goes through them. One task is one head and one block of
// lanes of a sequence.
#ifndef APUS_BODY
#define SOURCE_FILE "../recurrence/delta.c"
#include "apus_pool.h"
#include "recurrence.h"
#include "for_each_variant.h"
#include <string.h>

void apus_delta_run(const apus_delta *d) {
  int64_t blocks = round_up(d->value_dim, LANE_BLOCK) / LANE_BLOCK;
  apus_parallel(d->sequences * d->heads * blocks, CHOOSE(delta_task), (void *)d);
}

static double value(const apus_head_vectors *m, int64_t token, int64_t head, int64_t width, int64_t i) {
  int64_t at = token * m->stride + head / m->share * width + i;
  double x = m->dtype == APUS_F32 ? ((const float *)m->data)[at] : bf16_to_float(((const uint16_t *)m->data)[at]);
  return x * m->factor;
}
void apus_delta_reference(const apus_delta *d) {
  double *s = apus_workspace(6, (size_t)d->key_dim * 8);
  for (int64_t sequence = 0; sequence < d->sequences; sequence++)
    for (int64_t head = 0; head < d->heads; head++)
      for (int64_t l = 0; l < d->value_dim; l++) {
        float *kept = d->state ? d->state + (sequence * d->heads + head) * d->key_dim * d->value_dim + l : NULL;
        for (int64_t r = 0; r < d->key_dim; r++) s[r] = kept ? kept[r * d->value_dim] : 0;
        for (int64_t i = 0; i < d->length; i++) {
          int64_t token = apus_token(d->length, d->reverse, i), row = sequence * d->length + token;
          int64_t decays = apus_decay_token(d->length, d->reverse, false, token);
          bool begins = apus_begins(d->first, sequence, d->length, d->reverse, token);
          double answer = 0, out = 0, v = value(&d->v, row, head, d->value_dim, l), beta = d->beta[row * d->heads + head];
          for (int64_t r = 0; r < d->key_dim; r++) {
            int64_t at = (sequence * d->length + decays) * d->heads + head;
            double decay = !d->decay || decays < 0 ? 1 : d->decay[d->decay_of_rows ? at * d->key_dim + r : at];
            s[r] = begins ? 0 : s[r] * decay;
            if (d->reverse) s[r] += value(&d->q, row, head, d->key_dim, r) * v;
            answer += s[r] * value(&d->k, row, head, d->key_dim, r);
          }
          double w = d->reverse ? answer : v - answer, stored = d->reverse ? -beta * w : beta * w;
          for (int64_t r = 0; r < d->key_dim; r++) {
            s[r] += value(&d->k, row, head, d->key_dim, r) * stored;
            out += s[r] * value(&d->q, row, head, d->key_dim, r);
          }
          d->w[(row * d->heads + head) * d->value_dim + l] = (float)w;
          if (!d->out) continue;
          int64_t at = row * d->out_stride + head * d->value_dim + l;
          if (d->out_dtype == APUS_F32) ((float *)d->out)[at] = (float)(out * d->out_factor);
          else ((uint16_t *)d->out)[at] = float_to_bf16((float)(out * d->out_factor));
        }
        for (int64_t r = 0; kept && r < d->key_dim; r++) kept[r * d->value_dim] = (float)s[r];
      }
}

#else
#include "recurrence_body.h"

// What the tokens of a chunk bring, [count, stride] and [count, LANE_BLOCK], in the order in which they are taken.
typedef struct {
  int64_t rows, stride;
  const float *q, *k, *v, *decay;
  const float *beta, *overlap;  // overlap: q . k of each token
  const bool *begins;
  float *w, *out;
} V(delta_chunk);

// One pass over the state for token t: what the token before stores is added, all decays, the token reads.
INLINE void V(delta_token)(const V(delta_chunk) * c, int64_t t, float *state, const float *zeros, vf stored[2], vf seen[2],
                           const bool reverse, const bool of_rows) {
  const int64_t rows = c->rows, stride = c->stride;
  const bool fresh = t == 0 || c->begins[t];
  const float *k = c->k + t * stride, *q = c->q + t * stride, *decay = c->decay + t * stride;
  const float *last_k = fresh ? zeros : k - stride, *last_q = fresh ? zeros : q - stride;
  const float factor = of_rows ? 0 : c->decay[t];
  vf answer[4][2] = {{{0}}}, out[2][2] = {{{0}}};
  if (c->begins[t]) memset(state, 0, (size_t)(rows * LANE_BLOCK) * 4);
  for (int64_t r = 0; r < rows; r += 4)
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 2; j++) {
        float *at = state + (r + i) * LANE_BLOCK + j * 16;
        vf s;
        LOAD_F32(s, at);
        s += stored[j] * last_k[r + i];
        if (reverse) s += seen[j] * last_q[r + i];
        s *= of_rows ? decay[r + i] : factor;
        memcpy(at, &s, 64);
        answer[i][j] += s * k[r + i];
        if (!reverse) out[i & 1][j] += s * q[r + i];
      }
  for (int j = 0; j < 2; j++) {
    vf given = (answer[0][j] + answer[1][j]) + (answer[2][j] + answer[3][j]), v;
    LOAD_F32(v, c->v + t * LANE_BLOCK + j * 16);
    vf w = reverse ? given + v * c->overlap[t] : v - given;
    stored[j] = w * (reverse ? -c->beta[t] : c->beta[t]);
    seen[j] = v;
    memcpy(c->w + t * LANE_BLOCK + j * 16, &w, 64);
    if (reverse) continue;
    vf o = out[0][j] + out[1][j] + stored[j] * c->overlap[t];
    memcpy(c->out + t * LANE_BLOCK + j * 16, &o, 64);
  }
}
INLINE void V(delta_tokens)(const V(delta_chunk) * c, int64_t count, float *state, const float *zeros, const bool reverse,
                            const bool of_rows) {
  vf stored[2] = {{0}, {0}}, seen[2] = {{0}, {0}};
  for (int64_t t = 0; t < count; t++) V(delta_token)(c, t, state, zeros, stored, seen, reverse, of_rows);
  const float *k = c->k + (count - 1) * c->stride, *q = c->q + (count - 1) * c->stride;
  for (int64_t r = 0; r < c->rows; r++)
    for (int j = 0; j < 2; j++) {
      float *at = state + r * LANE_BLOCK + j * 16;
      vf s;
      LOAD_F32(s, at);
      s += stored[j] * k[r];
      if (reverse) s += seen[j] * q[r];
      memcpy(at, &s, 64);
    }
}

static void V(delta_task)(void *context, int64_t task, int worker) {
  (void)worker;
  const apus_delta *d = context;
  const int64_t blocks = (d->value_dim + LANE_BLOCK - 1) / LANE_BLOCK, head = task / blocks % d->heads;
  const int64_t sequence = task / (blocks * d->heads), lane0 = task % blocks * LANE_BLOCK;
  const int64_t wide = d->value_dim - lane0 < LANE_BLOCK ? d->value_dim - lane0 : LANE_BLOCK;
  const int64_t rows = round_up(d->key_dim, 4), stride = round_up(d->key_dim, 16);
  float *state = apus_workspace(0, (size_t)(rows * LANE_BLOCK) * 4);
  float *k = apus_workspace(1, (size_t)(CHUNK * (3 * stride + 3 * LANE_BLOCK) + stride) * 4);
  float *q = k + CHUNK * stride, *decay = q + CHUNK * stride, *v = decay + CHUNK * stride;
  float *w = v + CHUNK * LANE_BLOCK, *out = w + CHUNK * LANE_BLOCK, *zeros = out + CHUNK * LANE_BLOCK;
  memset(zeros, 0, (size_t)stride * 4);
  memset(state, 0, (size_t)(rows * LANE_BLOCK) * 4);
  float *kept = d->state ? d->state + (sequence * d->heads + head) * d->key_dim * d->value_dim + lane0 : NULL;
  for (int64_t r = 0; kept && r < d->key_dim; r++)
    memcpy(state + r * LANE_BLOCK, kept + r * d->value_dim, (size_t)wide * 4);
  for (int64_t i0 = 0; i0 < d->length; i0 += CHUNK) {
    int64_t count = d->length - i0 < CHUNK ? d->length - i0 : CHUNK, at[CHUNK], decays[CHUNK];
    bool begins[CHUNK];
    float beta[CHUNK], overlap[CHUNK];
    for (int64_t i = 0; i < count; i++) {
      int64_t token = apus_token(d->length, d->reverse, i0 + i), from = apus_decay_token(d->length, d->reverse, false, token);
      at[i] = sequence * d->length + token;
      decays[i] = from < 0 ? -1 : sequence * d->length + from;
      begins[i] = apus_begins(d->first, sequence, d->length, d->reverse, token);
      beta[i] = d->beta[at[i] * d->heads + head];
    }
    V(gather)(&d->k, at, count, head, d->key_dim, 0, d->key_dim, k, stride);
    V(gather)(&d->q, at, count, head, d->key_dim, 0, d->key_dim, q, stride);
    V(gather)(&d->v, at, count, head, d->value_dim, lane0, wide, v, LANE_BLOCK);
    const bool of_rows = d->decay && d->decay_of_rows;
    if (of_rows) {
      apus_head_vectors factors = {d->decay, APUS_F32, d->heads * d->key_dim, 1, 1};
      V(gather)(&factors, decays, count, head, d->key_dim, 0, d->key_dim, decay, stride);
    } else {
      for (int64_t i = 0; i < count; i++)
        decay[i] = !d->decay || decays[i] < 0 ? 1 : d->decay[decays[i] * d->heads + head];
    }
    for (int64_t i = 0; i < count; i++) {
      vf sum = {0};
      for (int64_t r = 0; r < stride; r += 16)
        sum += V(load)(k, i * stride + r, APUS_F32) * V(load)(q, i * stride + r, APUS_F32);
      overlap[i] = V(sum)(sum);
    }
    V(delta_chunk) chunk = {rows, stride, q, k, v, decay, beta, overlap, begins, w, out};
    if (d->reverse && of_rows) V(delta_tokens)(&chunk, count, state, zeros, true, true);
    else if (d->reverse) V(delta_tokens)(&chunk, count, state, zeros, true, false);
    else if (of_rows) V(delta_tokens)(&chunk, count, state, zeros, false, true);
    else V(delta_tokens)(&chunk, count, state, zeros, false, false);
    for (int64_t i = 0; i < count; i++)
      for (int64_t l = 0; l < wide; l += 16) {
        int64_t to = (at[i] * d->heads + head) * d->value_dim + lane0 + l;
        V(store_up_to)(d->w, to, wide - l, V(load)(w, i * LANE_BLOCK + l, APUS_F32), APUS_F32);
        if (!d->out) continue;
        vf o = V(load)(out, i * LANE_BLOCK + l, APUS_F32) * d->out_factor;
        V(store_up_to)(d->out, at[i] * d->out_stride + head * d->value_dim + lane0 + l, wide - l, o, d->out_dtype);
      }
  }
  for (int64_t r = 0; kept && r < d->key_dim; r++)
    memcpy(kept + r * d->value_dim, state + r * LANE_BLOCK, (size_t)wide * 4);
}
#endif
