// Which keys a query may see: the one place that reads the specification's masks.
#ifndef APUS_ATTENTION_RANGE_H
#define APUS_ATTENTION_RANGE_H
#include "apus_attention.h"

static inline void apus_key_range(const apus_attention *s, int64_t sequence, int64_t query, int32_t *first,
                                  int32_t *last) {
  int64_t own = query + s->key_length - s->query_length;
  int64_t low = s->first_key ? s->first_key[sequence * s->query_length + query] : 0;
  int64_t high = s->causal ? own : s->key_length - 1;
  if (s->window > 0 && own - s->window + 1 > low) low = own - s->window + 1;
  if (low < 0) low = 0;
  if (high > s->key_length - 1) high = s->key_length - 1;
  *first = (int32_t)low;
  *last = (int32_t)high;
}
#endif
