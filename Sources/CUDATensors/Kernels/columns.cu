// Matrices put together from columns of others. WIDTH: elements of an access, 1 where any span's place, length or
// address is not a multiple of it.
#ifndef WIDTH
#define WIDTH (16 / (int)sizeof(T))
#endif

// Columns `from` to `from + count` of rows that lie `stride` apart stand for columns `to` on of the result.
struct Span {
  const T *rows;
  int64 stride, from, count, to;
};
struct Columns {
  const Span *spans;
  T *out;
  int64 count, rows, width, is_gathering;
  Span few[8];  // where `spans` is null
};
__device__ inline void sum_spans(const Columns &a, const Span *spans, int64 row, int64 column) {
  int64 first = 0, end = a.count;
  if (a.is_gathering) {
    while (end - first > 1) {
      const int64 middle = (first + end) / 2;
      if (spans[middle].to <= column) first = middle;
      else end = middle;
    }
  }
  float sum[WIDTH] = {};
  for (int64 s = first; s < end; s++) {
    const int64 offset = column - spans[s].to;
    if (offset < 0 || offset >= spans[s].count) continue;
    const auto x = load<WIDTH>(spans[s].rows + row * spans[s].stride + spans[s].from + offset);
    for (int k = 0; k < WIDTH; k++) sum[k] += to_float(x.at[k]);
  }
  Run<T, WIDTH> y;
  for (int k = 0; k < WIDTH; k++) y.at[k] = from_float<T>(sum[k]);
  store(a.out + row * a.width + column, y);
}
// Each column is the sum of the spans that stand for it, in their order, or zero. Where spans are gathered, they lie
// side by side, and one is looked up.
KERNEL(sum_columns, Columns) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.width, row, column)) return;
  // Apart, as arguments are read otherwise than other memory.
  if (a.spans) sum_spans(a, a.spans, row, column);
  else sum_spans(a, a.few, row, column);
}
