// A short causal convolution of each channel, and its activation. Tokens go in chunks; the backward pass works the slope
// out again for the chunk and the few tokens after it that its own inputs reach.
#ifndef APUS_BODY
#define SOURCE_FILE "../recurrence/convolution.c"
#include "apus_convolution.h"
#include "apus_pointwise.h"
#include "row_sums.h"
typedef struct {
  const apus_convolution *convolution;
  const float *taps;  // [taps, channels]
  const void *d_out;
  void *out;
  float *partial;  // [chunks, taps + 1, channels]
} convolution_job;
#include "for_each_variant.h"

static const float *turned_weights(const apus_convolution *c) {
  float *turned = apus_workspace(6, (size_t)(c->taps * c->channels) * 4);
  for (int64_t i = 0; i < c->channels; i++)
    for (int64_t k = 0; k < c->taps; k++) turned[k * c->channels + i] = c->weight[i * c->taps + k];
  return turned;
}
static int64_t chunks_of(const apus_convolution *c) { return apus_row_chunks(c->length); }

void apus_convolution_forward(const apus_convolution *c, void *out) {
  convolution_job job = {c, turned_weights(c), NULL, out, NULL};
  apus_parallel(c->sequences * chunks_of(c), CHOOSE(convolution_forward), &job);
  if (!c->history || c->taps < 2) return;
  size_t size = apus_dtype_size(c->dtype), row = (size_t)c->channels * size;
  int64_t kept = c->taps - 1, moved = c->length < kept ? kept - c->length : 0;
  memmove(c->history, (char *)c->history + (size_t)(kept - moved) * row, (size_t)moved * row);
  for (int64_t i = moved; i < kept; i++)
    memcpy((char *)c->history + (size_t)i * row, (const char *)c->x + (size_t)((c->length - kept + i) * c->x_stride) * size, row);
}
void apus_convolution_backward(const apus_convolution *c, const void *d_out, void *d_x, float *d_weight, float *d_bias) {
  int64_t chunks = c->sequences * chunks_of(c), wide = (c->taps + 1) * c->channels;
  float *partial = apus_workspace(5, (size_t)((chunks + 1) * wide) * 4), *sums = partial + chunks * wide;
  convolution_job job = {c, turned_weights(c), d_out, d_x, partial};
  apus_parallel(chunks, CHOOSE(convolution_backward), &job);
  memset(sums, 0, (size_t)wide * 4);
  apus_add_partial_rows(partial, chunks, wide, sums);
  for (int64_t i = 0; i < c->channels; i++) {
    for (int64_t k = 0; d_weight && k < c->taps; k++) d_weight[i * c->taps + k] += sums[k * c->channels + i];
    if (d_bias) d_bias[i] += sums[c->taps * c->channels + i];
  }
}
void apus_convolution_reference(const apus_convolution *c, void *out) {
#define GET(p, i) (c->dtype == APUS_F32 ? ((const float *)(p))[i] : bf16_to_float(((const uint16_t *)(p))[i]))
  for (int64_t s = 0; s < c->sequences; s++)
    for (int64_t t = 0; t < c->length; t++)
      for (int64_t i = 0; i < c->channels; i++) {
        double sum = c->bias ? c->bias[i] : 0;
        int64_t begin = c->first ? c->first[s * c->length + t] : 0;
        for (int64_t k = 0; k < c->taps; k++) {
          int64_t from = t - c->taps + 1 + k;
          if (from >= begin) sum += (double)c->weight[i * c->taps + k] * GET(c->x, (s * c->length + from) * c->x_stride + i);
          else if (from < 0 && c->history)
            sum += (double)c->weight[i * c->taps + k] * GET(c->history, (from + c->taps - 1) * c->channels + i);
        }
        if (c->silu) sum /= 1 + exp(-sum);
        int64_t at = (s * c->length + t) * c->channels + i;
        if (c->dtype == APUS_F32) ((float *)out)[at] = (float)sum;
        else ((uint16_t *)out)[at] = float_to_bf16((float)sum);
      }
#undef GET
}

#else
#include "functions_body.h"

// Sixteen channels, or as many as are `left`, of token `from` (below 0: of the history), zero before `begin`.
INLINE vf V(tap)(const apus_convolution *c, int64_t sequence, int64_t from, int64_t begin, int64_t channel, int64_t left) {
  if (from >= begin) return V(load_up_to)(c->x, (sequence * c->length + from) * c->x_stride + channel, left, c->dtype);
  if (from < 0 && c->history) return V(load_up_to)(c->history, (from + c->taps - 1) * c->channels + channel, left, c->dtype);
  return (vf){0};
}
INLINE int64_t V(document)(const apus_convolution *c, int64_t sequence, int64_t token) {
  return c->first ? c->first[sequence * c->length + token] : 0;
}
INLINE vf V(convolved)(const convolution_job *j, int64_t sequence, int64_t token, int64_t channel, int64_t left) {
  const apus_convolution *c = j->convolution;
  int64_t begin = V(document)(c, sequence, token);
  vf sum = c->bias ? V(load_up_to)(c->bias, channel, left, APUS_F32) : (vf){0};
  for (int64_t k = 0; k < c->taps; k++)
    sum += V(tap)(c, sequence, token - c->taps + 1 + k, begin, channel, left) *
           V(load_up_to)(j->taps, k * c->channels + channel, left, APUS_F32);
  return sum;
}
static void V(convolution_forward)(void *context, int64_t task, int worker) {
  (void)worker;
  const convolution_job *j = context;
  const apus_convolution *c = j->convolution;
  int64_t chunks = apus_row_chunks(c->length), sequence = task / chunks, first = task % chunks * ROWS_PER_CHUNK;
  int64_t last = first + ROWS_PER_CHUNK < c->length ? first + ROWS_PER_CHUNK : c->length;
  for (int64_t t = first; t < last; t++)
    for (int64_t i = 0; i < c->channels; i += 16) {
      int64_t left = c->channels - i;
      vf v = V(convolved)(j, sequence, t, i, left);
      if (c->silu) v = V(function)(v, APUS_SILU);
      V(store_up_to)(j->out, (sequence * c->length + t) * c->channels + i, left, v, c->dtype);
    }
}
static void V(convolution_backward)(void *context, int64_t task, int worker) {
  (void)worker;
  const convolution_job *j = context;
  const apus_convolution *c = j->convolution;
  int64_t chunks = apus_row_chunks(c->length), sequence = task / chunks, first = task % chunks * ROWS_PER_CHUNK;
  int64_t last = first + ROWS_PER_CHUNK < c->length ? first + ROWS_PER_CHUNK : c->length;
  int64_t reach = last + c->taps - 1 < c->length ? last + c->taps - 1 : c->length;
  float *partial = j->partial + task * (c->taps + 1) * c->channels;
  memset(partial, 0, (size_t)((c->taps + 1) * c->channels) * 4);
  vf *slopes = apus_workspace(0, (size_t)(ROWS_PER_CHUNK + c->taps) * 64);
  for (int64_t i = 0; i < c->channels; i += 16) {
    int64_t left = c->channels - i;
    for (int64_t t = first; t < reach; t++) {
      vf d = V(load_up_to)(j->d_out, (sequence * c->length + t) * c->channels + i, left, c->dtype);
      if (c->silu) d *= V(slope)(V(convolved)(j, sequence, t, i, left), APUS_SILU);
      slopes[t - first] = d;
    }
    vf of_bias = {0};
    for (int64_t t = first; t < last; t++) of_bias += slopes[t - first];
    V(store_up_to)(partial, c->taps * c->channels + i, left, of_bias, APUS_F32);
    for (int64_t k = 0; k < c->taps; k++) {
      vf sum = {0};
      for (int64_t t = first; t < last; t++)
        sum += slopes[t - first] * V(tap)(c, sequence, t - c->taps + 1 + k, V(document)(c, sequence, t), i, left);
      V(store_up_to)(partial, k * c->channels + i, left, sum, APUS_F32);
    }
    for (int64_t t = first; t < last; t++) {
      vf d = {0};
      for (int64_t k = 0; k < c->taps; k++) {
        int64_t at = t + c->taps - 1 - k;
        if (at >= reach || V(document)(c, sequence, at) > t) continue;
        d += slopes[at - first] * V(load_up_to)(j->taps, k * c->channels + i, left, APUS_F32);
      }
      V(store_up_to)(j->out, (sequence * c->length + t) * c->channels + i, left, d, c->dtype);
    }
  }
}
#undef EACH_FUNCTION
#endif
