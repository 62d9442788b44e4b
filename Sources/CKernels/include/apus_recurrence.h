#ifndef APUS_RECURRENCE_H
#define APUS_RECURRENCE_H
#include "apus_base.h"

/// Vectors of every token and head: element i of head h's vector at row t is data[t * stride + h / share * width + i],
/// multiplied by `factor`. `share` heads have one vector together.
typedef struct {
  const void *data;
  apus_dtype dtype;
  int64_t stride, share;
  float factor;
} apus_head_vectors;

/// When a token reads the state.
typedef enum {
  APUS_READ_AFTER = 0,   // decayed, with its own product
  APUS_READ_DECAYED = 1,  // decayed, without its own product
  APUS_READ_LAST = 2      // as the token before left it
} apus_read_order;

/// What a state is multiplied by at each token: nothing, a number for each head, or one for each row or lane.
typedef enum { APUS_DECAY_NONE = 0, APUS_DECAY_HEAD = 1, APUS_DECAY_ROWS = 2, APUS_DECAY_LANES = 3 } apus_decay_axis;

/// The recurrence of linear attention: a state S `[rows, lanes]` for each sequence and head, for which every token in
/// turn gives S = decay * S + row lane^T, out = read^T S.
///
/// A scan from the last token to the first is the adjoint of one from the first to the last: there S = decay of the token
/// after * S + row lane^T, or, with APUS_READ_LAST, the token's own decay after it was read.
typedef struct {
  int64_t sequences, length, heads, rows, lanes;
  apus_head_vectors read, row, lane;  // rows, rows and lanes wide
  /// Factors from 0 to 1: `[tokens, heads]`, `[tokens, heads, rows]` or `[tokens, heads, lanes]`.
  const float *decay;
  apus_decay_axis decay_axis;
  apus_read_order order;
  bool reverse;
  /// `[tokens]`: the first token, within its sequence, of each one's document, where the state begins anew. NULL: none does.
  const int32_t *first;
  /// Row t, head h: out[t * out_stride + h / out_share * lanes], the sum over the heads that share it, times `out_factor`;
  /// added to what is there if `accumulate` (float only).
  void *out;
  apus_dtype out_dtype;
  int64_t out_stride, out_share;
  float out_factor;
  bool accumulate;
  /// `[sequences, heads, rows, lanes]`: the state before and, then, after; only forwards. NULL: it begins as zero.
  float *state;
  /// What the gradient of the decay is made of: `products[t, h]` += product_factor * reference * out, lane by lane if
  /// `products_of_lanes`, else the sum of each block of lanes. For APUS_READ_LAST at the token before where `reverse` is
  /// false. NULL: not wanted.
  float *products;
  apus_head_vectors reference;  // lanes wide
  float product_factor;
  bool products_of_lanes;
} apus_scan;

void apus_scan_run(const apus_scan *scan);
/// Sums that `products` holds for each token and head.
int64_t apus_scan_product_width(int64_t lanes, bool of_lanes);
/// The same in double, one token after another.
void apus_scan_reference(const apus_scan *scan);

/// The gradient of the logarithm of a decay: for each head (and lane, if `of_lanes`) the sum of the products of a token
/// and all later ones of its document; 0 at its first token. d_decay is `[tokens, heads]` or `[tokens, heads, width]`.
void apus_decay_gradient(int64_t sequences, int64_t length, int64_t heads, int64_t width, bool of_lanes,
                         const float *products, const int32_t *first, float *d_decay);

/// The gated delta rule (arXiv:2412.06464): S = decay * S; w = v - S^T k; S = S + k (beta w)^T; out = S^T q.
///
/// Backwards it gives the gradient of beta w: E = (decay of the token after) * (E - k (beta w')^T of the token after) +
/// q d_out^T; w' = E^T k.
typedef struct {
  int64_t sequences, length, heads, key_dim, value_dim;
  apus_head_vectors q, k, v;  // v: of the values, or of the outputs' gradient where backwards
  const float *beta;          // [tokens, heads]
  const float *decay;         // [tokens, heads] or [tokens, heads, key_dim]; NULL: none
  bool decay_of_rows, reverse;
  const int32_t *first;
  void *out;  // NULL where backwards
  apus_dtype out_dtype;
  int64_t out_stride;
  float out_factor;
  float *w;      // [tokens, heads, value_dim]
  float *state;  // [sequences, heads, key_dim, value_dim], or NULL; only forwards
} apus_delta;

void apus_delta_run(const apus_delta *delta);
void apus_delta_reference(const apus_delta *delta);
#endif
