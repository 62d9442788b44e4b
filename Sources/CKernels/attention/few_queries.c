// Attention of a few queries over many keys (generation). Keys are taken in chunks, each for all heads, so that keys and
// values are read once, in order of memory; a chunk leaves its largest score, the sum of its exponentials and the sum of
// its weighted values for each query and head, which are joined at the end.
#ifndef APUS_BODY
#define SOURCE_FILE "../attention/few_queries.c"
#include "apus_pool.h"
#include "attention_few_queries.h"
#include "attention_range.h"
#include "gemm_blocks.h"
enum { keys_per_chunk = 64 };
typedef struct {
  const apus_attention *spec;
  const void *q, *k, *v;
  int64_t chunks, part;  // of a sequence; floats of a query and head's part
  float *parts;          // [sequences, chunks, queries, heads, part]: largest, sum, 14 unused, values
  void *out;
  float *lse;
} few_queries_job;
// Reads rows of all heads in order of memory: each head by itself goes through them in strides that the processor does
// not expect, and asking for more lines at once than it keeps track of makes it wait.
static inline void read_rows(const void *rows, int64_t stride, int64_t width, int64_t first, int64_t count,
                             apus_dtype type) {
  int64_t size = (int64_t)apus_dtype_size(type);
  for (int64_t row = first; row < first + count; row++) touch((const char *)rows + row * stride * size, width * size);
}
#define UNROLL _Pragma("GCC unroll 16")
#include "for_each_variant.h"

void apus_attention_few_queries(const apus_attention *s, const void *q, const void *k, const void *v, void *out,
                                float *lse) {
  int64_t chunks = (s->key_length + keys_per_chunk - 1) / keys_per_chunk, part = 16 + (s->value_dim + 15) / 16 * 16;
  chunks = chunks > 0 ? chunks : 1;
  int64_t tasks = s->sequences * chunks;
  float *parts = apus_workspace(1, (size_t)(tasks * s->query_length * s->heads * part) * sizeof(float));
  few_queries_job job = {s, q, k, v, chunks, part, parts, out, lse};
  if (s->sequences == 1) {
    int64_t size = keys_per_chunk * (int64_t)apus_dtype_size(s->dtype);
    apus_parallel_reading((apus_reading){{k, v}, {size * s->k_stride, size * s->v_stride}}, tasks,
                          CHOOSE(few_queries_chunk), &job);
  } else {
    apus_parallel(tasks, CHOOSE(few_queries_chunk), &job);
  }
  CHOOSE(join_chunks)(&job);
}

#else

// Sixteen partial sums of the product of two rows.
INLINE vf V(partial_dot)(const void *a, int64_t a_at, const void *b, int64_t b_at, int64_t dim, apus_dtype type) {
  vf sum = {0};
  int64_t d = 0;
#ifdef NARROW_IN_HARDWARE
  if (type == APUS_BF16)
    for (; d + 32 <= dim; d += 32)
      sum = (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_loadu_si512((const uint16_t *)a + a_at + d),
                                 (__m512bh)_mm512_loadu_si512((const uint16_t *)b + b_at + d));
#endif
  for (; d + 16 <= dim; d += 16) sum += V(load)(a, a_at + d, type) * V(load)(b, b_at + d, type);
  if (d < dim)
    sum += V(load_some)(a, a_at + d, (int)(dim - d), type) * V(load_some)(b, b_at + d, (int)(dim - d), type);
  return sum;
}

// Scores of up to sixteen keys from `k_at` on; lanes beyond them repeat the last.
INLINE vf V(scores)(const few_queries_job *j, int64_t q_at, int64_t k_at, const int keys, const int64_t dim,
                    apus_dtype type) {
  const int64_t stride = j->spec->k_stride;
  vf sum[16];
  UNROLL for (int key = 0; key < 16; key++) {
    sum[key] = V(partial_dot)(j->q, q_at, j->k, k_at, dim, type);
    if (key + 1 < keys) k_at += stride;
  }
  return V(sums_of)(sum);
}

// Adds the values of `keys` keys from `v_at` on, `n` vectors each, by their weights. The sums stay in registers.
INLINE void V(add_values)(const few_queries_job *j, int64_t v_at, const float *weights, int64_t keys, float *sums,
                          const int n, apus_dtype type) {
  int64_t stride = j->spec->v_stride;
  vf a[8];
  for (int i = 0; i < n; i++) LOAD_F32(a[i], sums + 16 * i);
  for (int64_t key = 0; key < keys; key++, v_at += stride)
    for (int i = 0; i < n; i++) a[i] += weights[key] * V(load)(j->v, v_at + 16 * i, type);
  for (int i = 0; i < n; i++) memcpy(sums + 16 * i, &a[i], 64);
}
#ifdef NARROW_IN_HARDWARE
// The same of `n` times 32 values in bf16, the weights in bf16 too, two keys at a time; behind the last stands a zero.
INLINE void V(add_pairs_of_values)(const few_queries_job *j, int64_t v_at, const uint16_t *weights, int64_t keys,
                                   float *sums, const int n) {
  const uint16_t *v = (const uint16_t *)j->v + v_at;
  const int64_t stride = j->spec->v_stride;
  __m512 low[4], high[4];
  UNROLL for (int i = 0; i < n; i++) low[i] = high[i] = _mm512_setzero_ps();
  for (int64_t key = 0; key < keys; key += 2, v += 2 * stride) {
    int32_t both;
    memcpy(&both, weights + key, 4);
    __m512bh by = (__m512bh)_mm512_set1_epi32(both);
    const uint16_t *next = key + 1 < keys ? v + stride : v;
    UNROLL for (int i = 0; i < n; i++) {
      __m512i a = _mm512_loadu_si512(v + 32 * i), b = _mm512_loadu_si512(next + 32 * i);
      low[i] = _mm512_dpbf16_ps(low[i], (__m512bh)_mm512_unpacklo_epi16(a, b), by);
      high[i] = _mm512_dpbf16_ps(high[i], (__m512bh)_mm512_unpackhi_epi16(a, b), by);
    }
  }
  UNROLL for (int i = 0; i < n; i++) {
    vf l = (vf)low[i], h = (vf)high[i];
    vf first = __builtin_shufflevector(l, h, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    vf last = __builtin_shufflevector(l, h, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    memcpy(sums + 32 * i, &first, 64);
    memcpy(sums + 32 * i + 16, &last, 64);
  }
}
#endif
INLINE void V(add_last_values)(const few_queries_job *j, int64_t v_at, const float *weights, int64_t keys, float *sums,
                               int n, apus_dtype type) {
  vf a;
  LOAD_F32(a, sums);
  for (int64_t key = 0; key < keys; key++, v_at += j->spec->v_stride) a += weights[key] * V(load_some)(j->v, v_at, n, type);
  memcpy(sums, &a, 64);
}

// Scores of keys from `key` on, capped, biased by distance and masked as the specification says; bit i of `bits`: key i
// of them is seen.
INLINE vf V(extra_scores)(const apus_attention *s, vf x, int64_t head, int64_t query, int64_t key, uint64_t bits) {
  vf places, unseen = {0};
  for (int i = 0; i < 16; i++) places[i] = (float)(key + i), unseen[i] = bits >> i & 1 ? 0 : -INFINITY;
  if (s->soft_cap > 0) x = V(tanh)(x) * s->soft_cap;
  if (s->slopes) {
    vf distance = (float)(query + s->key_length - s->query_length) - places;
    x -= s->slopes[head] * V(max)(distance, -distance);
  }
  return vselect(unseen < vsplat(0), unseen, x);
}

// One query's part of a chunk's keys `first` to `last`, for all heads; where scores are not plain, those of them that
// `range` and the chosen blocks let it see.
INLINE void V(chunk_of_query)(const few_queries_job *j, int64_t sequence, int64_t query, const apus_key_range *range,
                              int64_t first, int64_t last, float *part, const apus_dtype type, const bool plain) {
  const apus_attention *s = j->spec;
  int64_t dim = s->head_dim, value_dim = s->value_dim, group = s->heads / s->kv_heads;
  int64_t keys = last >= first ? last - first + 1 : 0, row = sequence * s->key_length + first;
  int64_t q_at = (sequence * s->query_length + query) * s->q_stride;
  float *weights = apus_workspace(0, (size_t)(s->heads * keys_per_chunk) * sizeof(float));
  const float scale = plain || s->soft_cap == 0 ? s->scale : s->scale / s->soft_cap;
  read_rows(j->k, s->k_stride, s->kv_heads * dim, row, keys, type);
  read_rows(j->v, s->v_stride, s->kv_heads * value_dim, row, keys, type);
  for (int64_t key = 0; key < keys; key += 16) {
    int n = keys - key < 16 ? (int)(keys - key) : 16;
    for (int64_t h = 0; h < s->heads; h++) {
      int64_t k_at = (row + key) * s->k_stride + h / group * dim;
      vf x = dim == 64 && n == 16 ? V(scores)(j, q_at + h * dim, k_at, 16, 64, type)
             : dim == 64          ? V(scores)(j, q_at + h * dim, k_at, n, 64, type)
                                  : V(scores)(j, q_at + h * dim, k_at, n, dim, type);
      x *= scale;
      if (!plain) {
        uint64_t bits = apus_seen_bits(s, range, sequence, h, query, first + key);
        x = V(extra_scores)(s, x, h, query, first + key, bits);
      }
      if (n < 16) {
        float some[16];
        memcpy(some, &x, 64);
        for (int lane = n; lane < 16; lane++) some[lane] = -INFINITY;
        memcpy(&x, some, 64);
      }
      memcpy(weights + h * keys_per_chunk + key, &x, 64);
    }
  }
  for (int64_t h = 0; h < s->heads; h++, part += j->part) {
    float *w = weights + h * keys_per_chunk, *sums = part + 16;
    vf top = vsplat(-INFINITY), total = {0}, x;
    for (int64_t key = 0; key < keys; key += 16) {
      LOAD_F32(x, w + key);
      top = V(max)(top, x);
    }
    float base = V(largest)(top);
    if (!plain && base == -INFINITY) base = 0;
    for (int64_t key = 0; key < keys; key += 16) {
      LOAD_F32(x, w + key);
      x = V(exp)(x - base);
      total += x;
      memcpy(w + key, &x, 64);
    }
    part[1] = V(sum)(total);
    part[0] = plain || part[1] != 0 ? base : -INFINITY;
    memset(sums, 0, (size_t)(j->part - 16) * sizeof(float));
    int64_t d = 0, v_at = row * s->v_stride + h / group * value_dim;
#ifdef NARROW_IN_HARDWARE
    if (type == APUS_BF16) {
      uint16_t rounded[keys_per_chunk];
      for (int64_t key = 0; key < keys; key += 16) V(store)(rounded, key, V(load)(w, key, APUS_F32), APUS_BF16);
      for (; d + 128 <= value_dim; d += 128) V(add_pairs_of_values)(j, v_at + d, rounded, keys, sums + d, 4);
      if (d + 64 <= value_dim) V(add_pairs_of_values)(j, v_at + d, rounded, keys, sums + d, 2), d += 64;
      if (d + 32 <= value_dim) V(add_pairs_of_values)(j, v_at + d, rounded, keys, sums + d, 1), d += 32;
    }
#endif
    for (; d + 128 <= value_dim; d += 128) V(add_values)(j, v_at + d, w, keys, sums + d, 8, type);
    if (d + 64 <= value_dim) V(add_values)(j, v_at + d, w, keys, sums + d, 4, type), d += 64;
    if (d + 32 <= value_dim) V(add_values)(j, v_at + d, w, keys, sums + d, 2, type), d += 32;
    if (d + 16 <= value_dim) V(add_values)(j, v_at + d, w, keys, sums + d, 1, type), d += 16;
    if (d < value_dim) V(add_last_values)(j, v_at + d, w, keys, sums + d, (int)(value_dim - d), type);
  }
}
static void V(few_queries_chunk)(void *context, int64_t task, int worker) {
  (void)worker;
  const few_queries_job *j = context;
  const apus_attention *s = j->spec;
  int64_t sequence = task / j->chunks, key0 = task % j->chunks * keys_per_chunk;
  const bool plain = apus_attention_is_plain(s);
  for (int64_t query = 0; query < s->query_length; query++) {
    apus_key_range range = apus_key_range_of(s, sequence, query);
    int64_t low = range.first > key0 ? range.first : key0;
    int64_t high = range.last < key0 + keys_per_chunk - 1 ? range.last : key0 + keys_per_chunk - 1;
    float *part = j->parts + (task * s->query_length + query) * s->heads * j->part;
    if (plain && s->dtype == APUS_F32) V(chunk_of_query)(j, sequence, query, &range, low, high, part, APUS_F32, true);
    else if (plain) V(chunk_of_query)(j, sequence, query, &range, low, high, part, APUS_BF16, true);
    else {
      uint64_t bits = 0;
      for (int64_t h = 0; h < (s->blocks ? s->heads : 1); h++)
        bits |= apus_seen_bits(s, &range, sequence, h, query, key0);
      low = bits ? key0 + __builtin_ctzll(bits) : key0;
      high = bits ? key0 + 63 - __builtin_clzll(bits) : key0 - 1;
      if (s->dtype == APUS_F32) V(chunk_of_query)(j, sequence, query, &range, low, high, part, APUS_F32, false);
      else V(chunk_of_query)(j, sequence, query, &range, low, high, part, APUS_BF16, false);
    }
  }
}

static void V(join_chunks)(const few_queries_job *j) {
  const apus_attention *s = j->spec;
  int64_t step = s->query_length * s->heads * j->part;
  float *factors = apus_workspace(0, (size_t)j->chunks * sizeof(float));
  for (int64_t i = 0; i < s->sequences * s->query_length; i++)
    for (int64_t h = 0; h < s->heads; h++) {
      int64_t sequence = i / s->query_length, query = i % s->query_length;
      const float *parts = j->parts + sequence * j->chunks * step + (query * s->heads + h) * j->part;
      float base = -INFINITY, total = 0;
      if (s->sinks) base = s->sinks[h];
      for (int64_t c = 0; c < j->chunks; c++) base = parts[c * step] > base ? parts[c * step] : base;
      if (s->sinks) total = expf(s->sinks[h] - base);
      for (int64_t c = 0; c < j->chunks; c++) {
        float share = parts[c * step + 1];
        if (share != 0) share *= factors[c] = expf(parts[c * step] - base);
        else factors[c] = 0;
        total += share;
      }
      for (int64_t d = 0; d < s->value_dim; d += 16) {
        vf sum = {0}, x;
        for (int64_t c = 0; c < j->chunks; c++) {
          if (factors[c] == 0) continue;
          LOAD_F32(x, parts + c * step + 16 + d);
          sum += x * factors[c];
        }
        if (total > 0) sum /= total;
        V(store_up_to)(j->out, i * s->out_stride + h * s->value_dim + d, s->value_dim - d, sum, s->dtype);
      }
      j->lse[(sequence * s->heads + h) * s->query_length + query] = total > 0 ? base + logf(total) : -INFINITY;
    }
}
#endif
