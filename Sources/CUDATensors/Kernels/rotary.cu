// Rotary position embedding in place. PAIRS: pairs of an access, 1 where heads, columns or addresses are not multiples
// of it; INTERLEAVED: whether neighbours make a pair, not an element of the first half and one of the second.
#ifndef PAIRS
#define PAIRS 8
#endif
#ifndef INTERLEAVED
#define INTERLEAVED 0
#endif

struct Rotary {
  T *x;
  const int *positions;
  const float *table;
  int64 rows, heads, dimension, pairs, stride;
  float sign;
};
KERNEL(rotary, Rotary) {
  int64 pair, head;
  const int64 runs = a.pairs / PAIRS, i = global_thread();
  if (i >= a.rows * a.heads * runs) return;
  const int64 row = divide(divide(i, runs, pair), a.heads, head);
  pair *= PAIRS;
  const float *cosines = a.table + a.positions[row] * 2 * a.pairs + pair;
  const Run<float, PAIRS> c = load<PAIRS>(cosines), s = load<PAIRS>(cosines + a.pairs);
  T *at = a.x + row * a.stride + head * a.dimension + (INTERLEAVED ? 2 * pair : pair), *other = at + a.pairs;
  T x[PAIRS], y[PAIRS];
  if constexpr (INTERLEAVED && PAIRS > 1) {
    const Run<T, 2 * PAIRS> both = load<2 * PAIRS>(at);
    for (int k = 0; k < PAIRS; k++) x[k] = both.at[2 * k], y[k] = both.at[2 * k + 1];
  } else {
    if (INTERLEAVED) other = at + 1;
    const Run<T, PAIRS> u = load<PAIRS>(at), v = load<PAIRS>(other);
    for (int k = 0; k < PAIRS; k++) x[k] = u.at[k], y[k] = v.at[k];
  }
  for (int k = 0; k < PAIRS; k++) {
    const float first = to_float(x[k]), second = to_float(y[k]), sine = s.at[k] * a.sign;
    x[k] = from_float<T>(first * c.at[k] - second * sine);
    y[k] = from_float<T>(second * c.at[k] + first * sine);
  }
  if constexpr (INTERLEAVED && PAIRS > 1) {
    Run<T, 2 * PAIRS> both;
    for (int k = 0; k < PAIRS; k++) both.at[2 * k] = x[k], both.at[2 * k + 1] = y[k];
    store(at, both);
  } else {
    Run<T, PAIRS> u, v;
    for (int k = 0; k < PAIRS; k++) u.at[k] = x[k], v.at[k] = y[k];
    store(at, u);
    store(other, v);
  }
}
