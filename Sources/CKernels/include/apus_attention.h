#ifndef APUS_ATTENTION_H
#define APUS_ATTENTION_H
#include "apus_base.h"

/// The one specification of attention. Tokens of all sequences lie one after another; token t's head h begins at
/// `q[t * q_stride + h * head_dim]`, likewise k and v with their own strides and head widths.
typedef struct {
  int64_t sequences, query_length, key_length;
  int64_t heads, kv_heads;           // heads is a multiple of kv_heads
  int64_t head_dim, value_dim;       // of queries and keys, of values
  int64_t q_stride, k_stride, v_stride, out_stride;  // elements from one token to the next
  apus_dtype dtype;                  // of q, k, v, the output and their gradients
  apus_dtype compute;                // of the products; sums and the softmax are float
  float scale;                       // usually 1 / sqrt(head_dim)
  bool causal;                       // query i sees keys up to i + key_length - query_length
  int64_t window;                    // and at most so many of them, its own included; 0: no limit
  const int32_t *first_key;          // [sequences, query_length]: none before this (document borders), or NULL
  const int32_t *last_key;           // [sequences, query_length]: none after this, or NULL
  int64_t chunk;                     // only keys of the query's own chunk: so many each, from the document's first; 0: no
  int64_t kept;                      // a document's first keys, so many, are seen beyond window and chunk
  float soft_cap;                    // scores x become soft_cap * tanh(x / soft_cap); 0: they stay
  const float *slopes;               // [heads]: a score loses so much for each key between (ALiBi), or NULL
  const float *sinks;                // [heads]: the score of one more column, which has no value, or NULL
  const uint64_t *blocks;            // [sequences, heads, query_length, block_words]: bit b: the document's block b, or NULL
  int64_t block, block_words;        // keys of a block; words of 64 bits for each query
} apus_attention;

/// out `[sequences, query_length, heads, value_dim]` and lse `[sequences, heads, query_length]`, the log of the sum of
/// exponentials, which the backward pass needs. The score matrix exists only in tiles (FlashAttention-2,
/// arXiv:2307.08691). A query that sees no key gives zeros.
void apus_attention_forward(const apus_attention *spec, const void *q, const void *k, const void *v, void *out,
                            float *lse);
/// Gradients of q, k and v (same layout and strides) from the output's.
void apus_attention_backward(const apus_attention *spec, const void *q, const void *k, const void *v, const void *out,
                             const float *lse, const void *d_out, void *d_q, void *d_k, void *d_v);

/// Adds to d_sinks `[heads]` the gradient of the sinks.
void apus_attention_sink_gradient(const apus_attention *spec, const void *out, const float *lse, const void *d_out,
                                  float *d_sinks);

/// Joins attention over parts of the keys, `[sequences, query_length, heads, value_dim]` with rows out_stride apart and lse as
/// apus_attention_forward gives them, to that over all of them.
void apus_attention_merge(const apus_attention *spec, int64_t parts, const void *const *outs, const float *const *lses,
                          void *out, float *lse);

/// The mean key of each whole block of `spec->block` keys of a document, with block b of the document that begins at key f
/// in row (f + b * block) / block of means `[sequences, ceil(key_length / block), kv_heads * head_dim]`; rows of blocks that
/// are not whole stay as they are. Sequences have as many queries as keys, or first_key is NULL and each is one document;
/// then blocks from `first_block` on are made.
void apus_block_means(const apus_attention *spec, int64_t first_block, const void *k, float *means);
/// Chooses blocks for each query: its document's `first` first, its own and those before it, `local` in all, and of the
/// others the `count` whose mean keys its head's query gives the largest scores (MoBA, arXiv:2502.13189). Writes
/// `[sequences, heads, query_length, block_words]`, as apus_attention reads it.
void apus_choose_blocks(const apus_attention *spec, const void *q, const float *means, int64_t first, int64_t local,
                        int64_t count, uint64_t *blocks);

/// The plain definitions, in double, over whole rows of scores.
void apus_attention_forward_reference(const apus_attention *spec, const void *q, const void *k, const void *v,
                                      void *out, float *lse);
void apus_attention_backward_reference(const apus_attention *spec, const void *q, const void *k, const void *v,
                                       const void *out, const float *lse, const void *d_out, void *d_q, void *d_k,
                                       void *d_v);
void apus_attention_sink_gradient_reference(const apus_attention *spec, const void *q, const void *k, const void *v,
                                            const void *d_out, float *d_sinks);
#endif
