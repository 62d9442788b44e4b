// Mamba's selective scan: sixteen channels in the lanes, their states one after another. The backward pass keeps the
// states at every 32nd token and computes those between again. Gradients of what all channels share (b, c) are summed by
// fixed groups of channels, those of the rates by sequence, each in order.
#ifndef APUS_BODY
#define SOURCE_FILE "../recurrence/selective_scan.c"
#include "apus_pool.h"
#include "apus_selective_scan.h"
#include "recurrence.h"
enum { MOST_GROUPS = 16 };
typedef struct {
  const apus_selective_scan *scan;
  const void *d_y;
  void *out;  // y or d_x
  float *d_step, *d_a;  // d_a: [sequences, channels, states]
  float *d_bc;          // [groups, tokens, 2, states]
  int64_t groups;
} selective_job;

#include "for_each_variant.h"
#include <string.h>

void apus_selective_scan_forward(const apus_selective_scan *s, void *y) {
  selective_job job = {s, NULL, y, NULL, NULL, NULL, 0};
  apus_parallel(s->sequences * (round_up(s->channels, 16) / 16), CHOOSE(selective_forward), &job);
}
void apus_selective_scan_backward(const apus_selective_scan *s, const void *d_y, void *d_x, float *d_step, void *d_b,
                                  void *d_c, float *d_a) {
  int64_t blocks = round_up(s->channels, 16) / 16, groups = blocks < MOST_GROUPS ? blocks : MOST_GROUPS;
  int64_t rates = s->channels * s->states, tokens = s->sequences * s->length, wide = 2 * s->states;
  float *partial = apus_workspace(5, (size_t)(s->sequences * rates + groups * tokens * wide) * 4);
  float *d_bc = partial + s->sequences * rates;
  selective_job job = {s, d_y, d_x, d_step, partial, d_bc, groups};
  apus_parallel(s->sequences * groups, CHOOSE(selective_backward), &job);
  for (int64_t i = 0; i < rates; i++)
    for (int64_t q = 0; q < s->sequences; q++) d_a[i] += partial[q * rates + i];
  for (int64_t t = 0; t < tokens; t++)
    for (int64_t n = 0; n < wide; n++) {
      float sum = 0;
      for (int64_t g = 0; g < groups; g++) sum += d_bc[(g * tokens + t) * wide + n];
      void *to = n < s->states ? d_b : d_c;
      int64_t at = t * s->states + n % s->states;
      if (s->dtype == APUS_F32) ((float *)to)[at] = sum;
      else ((uint16_t *)to)[at] = float_to_bf16(sum);
    }
}
void apus_selective_scan_reference(const apus_selective_scan *s, void *y) {
#define GET(p, i) (s->dtype == APUS_F32 ? ((const float *)(p))[i] : bf16_to_float(((const uint16_t *)(p))[i]))
  double *h = apus_workspace(6, (size_t)s->states * 8);
  for (int64_t q = 0; q < s->sequences; q++)
    for (int64_t c = 0; c < s->channels; c++) {
      float *kept = s->state ? s->state + (q * s->channels + c) * s->states : NULL;
      for (int64_t n = 0; n < s->states; n++) h[n] = kept ? kept[n] : 0;
      for (int64_t t = 0; t < s->length; t++) {
        int64_t row = q * s->length + t, at = row * s->channels + c;
        double sum = 0;
        for (int64_t n = 0; n < s->states; n++) {
          double before = apus_begins(s->first, q, s->length, false, t) ? 0 : h[n];
          h[n] = exp((double)s->step[at] * s->a[c * s->states + n]) * before +
                 (double)s->step[at] * GET(s->x, at) * GET(s->b, row * s->states + n);
          sum += GET(s->c, row * s->states + n) * h[n];
        }
        if (s->dtype == APUS_F32) ((float *)y)[at] = (float)sum;
        else ((uint16_t *)y)[at] = float_to_bf16((float)sum);
      }
      for (int64_t n = 0; kept && n < s->states; n++) kept[n] = (float)h[n];
    }
#undef GET
}

#else

INLINE float V(scalar)(const void *p, int64_t i, apus_dtype type) {
  return type == APUS_F32 ? ((const float *)p)[i] : bf16_to_float(((const uint16_t *)p)[i]);
}
// The rates of sixteen channels, [states] vectors.
INLINE void V(rates)(const apus_selective_scan *s, int64_t channel, int64_t left, vf *a) {
  for (int64_t n = 0; n < s->states; n++) {
    float lanes[16] = {0};
    for (int64_t l = 0; l < 16 && l < left; l++) lanes[l] = s->a[(channel + l) * s->states + n];
    LOAD_F32(a[n], lanes);
  }
}
// One token of sixteen channels; returns its y.
INLINE vf V(advance)(const apus_selective_scan *s, int64_t row, int64_t channel, int64_t left, bool begins, const vf *a,
                     vf *h) {
  int64_t at = row * s->channels + channel;
  vf step = V(load_up_to)(s->step, at, left, APUS_F32), added = step * V(load_up_to)(s->x, at, left, s->dtype), y = {0};
  for (int64_t n = 0; n < s->states; n++) {
    vf next = added * V(scalar)(s->b, row * s->states + n, s->dtype);
    if (!begins) next += V(exp)(step * a[n]) * h[n];
    h[n] = next;
    y += next * V(scalar)(s->c, row * s->states + n, s->dtype);
  }
  return y;
}
static void V(selective_forward)(void *context, int64_t task, int worker) {
  (void)worker;
  const selective_job *j = context;
  const apus_selective_scan *s = j->scan;
  int64_t blocks = (s->channels + 15) / 16, q = task / blocks, channel = task % blocks * 16, left = s->channels - channel;
  vf *a = apus_workspace(0, (size_t)(2 * s->states) * 64), *h = a + s->states;
  V(rates)(s, channel, left, a);
  memset(h, 0, (size_t)s->states * 64);
  float *kept = s->state ? s->state + (q * s->channels + channel) * s->states : NULL;
  for (int64_t n = 0; kept && n < s->states; n++)
    for (int64_t l = 0; l < 16 && l < left; l++) h[n][l] = kept[l * s->states + n];
  for (int64_t t = 0; t < s->length; t++) {
    int64_t row = q * s->length + t;
    vf y = V(advance)(s, row, channel, left, apus_begins(s->first, q, s->length, false, t), a, h);
    V(store_up_to)(j->out, row * s->channels + channel, left, y, s->dtype);
  }
  for (int64_t n = 0; kept && n < s->states; n++)
    for (int64_t l = 0; l < 16 && l < left; l++) kept[l * s->states + n] = h[n][l];
}
// What the backward pass keeps of sixteen channels.
typedef struct {
  const vf *a;
  vf *states;    // [chunk + 1, states]: before each token, and after the last
  vf *gradient;  // [states]: of the state after the token
  vf *d_a;       // [states]
  vf *d_bc;      // [chunk, 2, states], summed over the blocks
} V(selective_block);

INLINE void V(go_back)(const selective_job *j, int64_t row, int64_t i, int64_t channel, int64_t left, bool begins,
                       const V(selective_block) * k) {
  const apus_selective_scan *s = j->scan;
  int64_t at = row * s->channels + channel;
  vf step = V(load_up_to)(s->step, at, left, APUS_F32), x = V(load_up_to)(s->x, at, left, s->dtype);
  vf d_y = V(load_up_to)(j->d_y, at, left, s->dtype), added = step * x, d_added = {0}, d_step = {0};
  const vf *before = k->states + i * s->states, *after = before + s->states;
  for (int64_t n = 0; n < s->states; n++) {
    vf e = k->gradient[n] + d_y * V(scalar)(s->c, row * s->states + n, s->dtype);
    k->d_bc[(i * 2 + 1) * s->states + n] += d_y * after[n];
    k->d_bc[i * 2 * s->states + n] += e * added;
    d_added += e * V(scalar)(s->b, row * s->states + n, s->dtype);
    vf decay = V(exp)(step * k->a[n]);
    vf d_power = begins ? (vf){0} : e * before[n] * decay;
    k->d_a[n] += d_power * step;
    d_step += d_power * k->a[n];
    k->gradient[n] = begins ? (vf){0} : e * decay;
  }
  V(store_up_to)(j->out, at, left, d_added * step, s->dtype);
  V(store_up_to)(j->d_step, at, left, d_step + d_added * x, APUS_F32);
}
static void V(selective_backward)(void *context, int64_t task, int worker) {
  (void)worker;
  const selective_job *j = context;
  const apus_selective_scan *s = j->scan;
  const int64_t n_states = s->states, q = task / j->groups, group = task % j->groups;
  const int64_t all = (s->channels + 15) / 16, block0 = all * group / j->groups, blocks = all * (group + 1) / j->groups - block0;
  const int64_t chunks = (s->length + CHUNK - 1) / CHUNK;
  vf *a = apus_workspace(0, (size_t)(blocks * 3 * n_states) * 64), *gradients = a + blocks * n_states;
  vf *d_a = gradients + blocks * n_states;
  vf *starts = apus_workspace(1, (size_t)(blocks * chunks * n_states) * 64);
  vf *states = apus_workspace(2, (size_t)((CHUNK + 1) * n_states + CHUNK * 2 * n_states) * 64);
  vf *d_bc = states + (CHUNK + 1) * n_states;
  memset(gradients, 0, (size_t)(blocks * 2 * n_states) * 64);
  for (int64_t b = 0; b < blocks; b++) {
    int64_t channel = (block0 + b) * 16, left = s->channels - channel;
    V(rates)(s, channel, left, a + b * n_states);
    memset(states, 0, (size_t)n_states * 64);
    for (int64_t t = 0; t < s->length; t++) {
      if (t % CHUNK == 0) memcpy(starts + (b * chunks + t / CHUNK) * n_states, states, (size_t)n_states * 64);
      V(advance)(s, q * s->length + t, channel, left, apus_begins(s->first, q, s->length, false, t), a + b * n_states, states);
    }
  }
  for (int64_t chunk = chunks - 1; chunk >= 0; chunk--) {
    int64_t first = chunk * CHUNK, count = s->length - first < CHUNK ? s->length - first : CHUNK;
    memset(d_bc, 0, (size_t)(count * 2 * n_states) * 64);
    for (int64_t b = 0; b < blocks; b++) {
      int64_t channel = (block0 + b) * 16, left = s->channels - channel;
      memcpy(states, starts + (b * chunks + chunk) * n_states, (size_t)n_states * 64);
      for (int64_t i = 0; i < count; i++) {
        memcpy(states + (i + 1) * n_states, states + i * n_states, (size_t)n_states * 64);
        V(advance)(s, q * s->length + first + i, channel, left, apus_begins(s->first, q, s->length, false, first + i),
                   a + b * n_states, states + (i + 1) * n_states);
      }
      V(selective_block) kept = {a + b * n_states, states, gradients + b * n_states, d_a + b * n_states, d_bc};
      for (int64_t i = count - 1; i >= 0; i--)
        V(go_back)(j, q * s->length + first + i, i, channel, left, apus_begins(s->first, q, s->length, false, first + i), &kept);
    }
    float *to = j->d_bc + (group * s->sequences * s->length + q * s->length + first) * 2 * n_states;
    for (int64_t i = 0; i < count * 2 * n_states; i++) to[i] = V(sum)(d_bc[i]);
  }
  for (int64_t b = 0; b < blocks; b++)
    for (int64_t n = 0; n < n_states; n++)
      for (int64_t l = 0; l < 16 && (block0 + b) * 16 + l < s->channels; l++)
        j->d_a[(q * s->channels + (block0 + b) * 16 + l) * n_states + n] = d_a[b * n_states + n][l];
}
#endif
