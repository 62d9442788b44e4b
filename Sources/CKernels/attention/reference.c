// Attention by its definition, one row of scores at a time, in double.
#include "apus_attention.h"
#include "vector.h"
#include <stdlib.h>

static double get(const void *p, int64_t i, apus_dtype type) {
  return type == APUS_F32 ? ((const float *)p)[i] : bf16_to_float(((const uint16_t *)p)[i]);
}
static void put(void *p, int64_t i, double x, apus_dtype type) {
  if (type == APUS_F32) ((float *)p)[i] = (float)x;
  else ((uint16_t *)p)[i] = float_to_bf16((float)x);
}

// Whether query i of a head sees key j, straight from what the specification says of each mask.
static bool sees(const apus_attention *s, int64_t n, int64_t h, int64_t i, int64_t j) {
  int64_t at = n * s->query_length + i, own = i + s->key_length - s->query_length;
  int64_t document = s->first_key ? s->first_key[at] : 0, place = j - document, own_place = own - document;
  if (place < 0 || (s->causal && j > own) || (s->last_key && j > s->last_key[at])) return false;
  if (place < s->kept) return true;
  if (s->window > 0 && own - j >= s->window) return false;
  if (s->chunk > 0 && own_place >= 0 && place / s->chunk != own_place / s->chunk) return false;
  if (!s->blocks) return true;
  const uint64_t *words = s->blocks + ((n * s->heads + h) * s->query_length + i) * s->block_words;
  return words[place / s->block / 64] >> (place / s->block % 64) & 1;
}

// Probabilities of query i of head h over all keys, and where `steepness` is not NULL, what capping multiplies the
// gradients of their scores by; returns the log-sum-exp.
static double probabilities(const apus_attention *s, int64_t n, int64_t h, int64_t i, const void *q, const void *k,
                            double *p, double *steepness) {
  int64_t kv = h / (s->heads / s->kv_heads);
  double top = s->sinks ? s->sinks[h] : -INFINITY, total = 0;
  for (int64_t j = 0; j < s->key_length; j++) {
    double sum = 0;
    for (int64_t d = 0; d < s->head_dim; d++)
      sum += get(q, (n * s->query_length + i) * s->q_stride + h * s->head_dim + d, s->dtype) *
             get(k, (n * s->key_length + j) * s->k_stride + kv * s->head_dim + d, s->dtype);
    sum *= s->scale;
    if (steepness) steepness[j] = s->soft_cap > 0 ? 1 - pow(tanh(sum / s->soft_cap), 2) : 1;
    if (s->soft_cap > 0) sum = s->soft_cap * tanh(sum / s->soft_cap);
    if (s->slopes) sum -= s->slopes[h] * fabs((double)(i + s->key_length - s->query_length - j));
    p[j] = sees(s, n, h, i, j) ? sum : -INFINITY;
    if (p[j] > top) top = p[j];
  }
  if (s->sinks) total = exp(s->sinks[h] - top);
  for (int64_t j = 0; j < s->key_length; j++) {
    p[j] = top == -INFINITY ? 0 : exp(p[j] - top);
    total += p[j];
  }
  for (int64_t j = 0; j < s->key_length && total > 0; j++) p[j] /= total;
  return total > 0 ? top + log(total) : -INFINITY;
}

void apus_attention_forward_reference(const apus_attention *s, const void *q, const void *k, const void *v, void *out,
                                      float *lse) {
  double *p = malloc((size_t)s->key_length * sizeof(double));
  for (int64_t n = 0; n < s->sequences; n++)
    for (int64_t h = 0; h < s->heads; h++)
      for (int64_t i = 0; i < s->query_length; i++) {
        int64_t kv = h / (s->heads / s->kv_heads);
        lse[(n * s->heads + h) * s->query_length + i] = (float)probabilities(s, n, h, i, q, k, p, NULL);
        for (int64_t d = 0; d < s->value_dim; d++) {
          double sum = 0;
          for (int64_t j = 0; j < s->key_length; j++)
            sum += p[j] * get(v, (n * s->key_length + j) * s->v_stride + kv * s->value_dim + d, s->dtype);
          put(out, (n * s->query_length + i) * s->out_stride + h * s->value_dim + d, sum, s->dtype);
        }
      }
  free(p);
}

void apus_attention_backward_reference(const apus_attention *s, const void *q, const void *k, const void *v,
                                       const void *out, const float *lse, const void *d_out, void *d_q, void *d_k,
                                       void *d_v) {
  (void)out;
  (void)lse;
  int64_t tokens = s->sequences * s->key_length, kw = s->kv_heads * s->head_dim, vw = s->kv_heads * s->value_dim;
  double *p = malloc((size_t)s->key_length * sizeof(double)), *g = malloc((size_t)s->key_length * sizeof(double));
  double *steepness = malloc((size_t)s->key_length * sizeof(double));
  double *dk = calloc((size_t)(tokens * kw), sizeof(double)), *dv = calloc((size_t)(tokens * vw), sizeof(double));
  for (int64_t n = 0; n < s->sequences; n++)
    for (int64_t h = 0; h < s->heads; h++)
      for (int64_t i = 0; i < s->query_length; i++) {
        int64_t kv = h / (s->heads / s->kv_heads), at = n * s->query_length + i;
        probabilities(s, n, h, i, q, k, p, steepness);
        double mean = 0;
        for (int64_t j = 0; j < s->key_length; j++) {
          g[j] = 0;
          for (int64_t d = 0; d < s->value_dim; d++) {
            double o = get(d_out, at * s->out_stride + h * s->value_dim + d, s->dtype);
            g[j] += o * get(v, (n * s->key_length + j) * s->v_stride + kv * s->value_dim + d, s->dtype);
            dv[(n * s->key_length + j) * vw + kv * s->value_dim + d] += p[j] * o;
          }
          mean += p[j] * g[j];
        }
        for (int64_t d = 0; d < s->head_dim; d++) {
          double sum = 0, own = get(q, at * s->q_stride + h * s->head_dim + d, s->dtype);
          for (int64_t j = 0; j < s->key_length; j++) {
            double ds = p[j] * (g[j] - mean) * steepness[j] * s->scale;
            sum += ds * get(k, (n * s->key_length + j) * s->k_stride + kv * s->head_dim + d, s->dtype);
            dk[(n * s->key_length + j) * kw + kv * s->head_dim + d] += ds * own;
          }
          put(d_q, at * s->q_stride + h * s->head_dim + d, sum, s->dtype);
        }
      }
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t d = 0; d < kw; d++) put(d_k, t * s->k_stride + d, dk[t * kw + d], s->dtype);
    for (int64_t d = 0; d < vw; d++) put(d_v, t * s->v_stride + d, dv[t * vw + d], s->dtype);
  }
  free(p);
  free(g);
  free(steepness);
  free(dk);
  free(dv);
}

void apus_attention_sink_gradient_reference(const apus_attention *s, const void *q, const void *k, const void *v,
                                            const void *d_out, float *d_sinks) {
  double *p = malloc((size_t)s->key_length * sizeof(double));
  for (int64_t h = 0; h < s->heads; h++) {
    double gradient = 0;
    for (int64_t n = 0; n < s->sequences; n++)
      for (int64_t i = 0; i < s->query_length; i++) {
        int64_t kv = h / (s->heads / s->kv_heads), at = n * s->query_length + i;
        double lse = probabilities(s, n, h, i, q, k, p, NULL);
        for (int64_t j = 0; j < s->key_length; j++)
          for (int64_t d = 0; d < s->value_dim; d++)
            gradient -= exp(s->sinks[h] - lse) * p[j] *
                        get(d_out, at * s->out_stride + h * s->value_dim + d, s->dtype) *
                        get(v, (n * s->key_length + j) * s->v_stride + kv * s->value_dim + d, s->dtype);
      }
    d_sinks[h] += (float)gradient;
  }
  free(p);
}
