// Which keys a query may see: the one place that reads the specification's masks.
#ifndef APUS_ATTENTION_RANGE_H
#define APUS_ATTENTION_RANGE_H
#include "apus_attention.h"

/// Keys `first` to `last`, and `document` to `kept_last`, the document's first ones, which nothing but causality hides.
typedef struct {
  int32_t first, last, document, kept_last;
} apus_key_range;

static inline apus_key_range apus_key_range_of(const apus_attention *s, int64_t sequence, int64_t query) {
  int64_t at = sequence * s->query_length + query, own = query + s->key_length - s->query_length;
  int64_t document = s->first_key ? s->first_key[at] : 0;
  if (document < 0) document = 0;
  int64_t low = document, high = s->causal ? own : s->key_length - 1;
  if (s->window > 0 && own - s->window + 1 > low) low = own - s->window + 1;
  if (s->chunk > 0 && own >= document) {
    int64_t begin = document + (own - document) / s->chunk * s->chunk;
    if (begin > low) low = begin;
    if (begin + s->chunk - 1 < high) high = begin + s->chunk - 1;
  }
  if (s->last_key && s->last_key[at] < high) high = s->last_key[at];
  if (high > s->key_length - 1) high = s->key_length - 1;
  int64_t kept_last = document + s->kept - 1;
  if (kept_last > high) kept_last = high;
  return (apus_key_range){(int32_t)low, (int32_t)high, (int32_t)document, (int32_t)kept_last};
}

/// Whether causality is all that hides a key.
static inline bool apus_only_causal(const apus_attention *s) {
  return s->causal && !s->first_key && !s->last_key && s->window <= 0 && s->chunk <= 0 && s->kept == 0;
}

/// Whether a range from first to last is all there is to say, and scores are plain products.
static inline bool apus_attention_is_plain(const apus_attention *s) {
  return s->kept == 0 && s->soft_cap == 0 && !s->slopes && !s->blocks;
}

/// Bits `low - key0` to `high - key0` of 64.
static inline uint64_t apus_span_bits(int64_t low, int64_t high, int64_t key0) {
  low = low > key0 ? low - key0 : 0;
  high = high - key0 < 63 ? high - key0 : 63;
  return low > high ? 0 : (~(uint64_t)0 << low) & (~(uint64_t)0 >> (63 - high));
}
/// Which of the 64 keys from key0 on a query of a head sees.
static inline uint64_t apus_seen_bits(const apus_attention *s, const apus_key_range *range, int64_t sequence,
                                      int64_t head, int64_t query, int64_t key0) {
  uint64_t bits = apus_span_bits(range->first, range->last, key0);
  if (s->blocks && bits) {
    const uint64_t *words = s->blocks + ((sequence * s->heads + head) * s->query_length + query) * s->block_words;
    int64_t from = range->first > key0 ? range->first : key0, to = range->last < key0 + 63 ? range->last : key0 + 63;
    while (from <= to) {
      int64_t block = (from - range->document) / s->block, end = range->document + (block + 1) * s->block - 1;
      if (!(words[block / 64] >> (block % 64) & 1)) bits &= ~apus_span_bits(from, end, key0);
      from = end + 1;
    }
  }
  return bits | apus_span_bits(range->document, range->kept_last, key0);
}
#endif
