// What the recurrences share: tokens go by in chunks, whose vectors are copied as floats side by side.
#ifndef APUS_RECURRENCE_INTERNAL_H
#define APUS_RECURRENCE_INTERNAL_H
#include "apus_recurrence.h"

enum { CHUNK = 32, LANE_BLOCK = 32, ROW_TILE = 8 };

static inline int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

/// The token that comes as `i`th of a sequence, and whether the state begins anew before it.
static inline int64_t apus_token(int64_t length, bool reverse, int64_t i) { return reverse ? length - 1 - i : i; }
static inline bool apus_begins(const int32_t *first, int64_t sequence, int64_t length, bool reverse, int64_t token) {
  if (!first) return false;
  const int32_t *at = first + sequence * length;
  return reverse ? token + 1 < length && at[token + 1] == token + 1 : at[token] == token;
}
/// The token whose decay comes before `token` is looked at; -1 where none does.
static inline int64_t apus_decay_token(int64_t length, bool reverse, bool last, int64_t token) {
  if (!reverse || last) return token;
  return token + 1 < length ? token + 1 : -1;
}
#endif
