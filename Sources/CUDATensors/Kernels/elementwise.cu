// Sums and conversions, element by element. WIDTH: elements of an access, 1 where addresses are not multiples of 16
// bytes; TO_HALF: whether conversions give bf16.
#ifndef WIDTH
#define WIDTH 8
#endif
#ifndef TO_HALF
#define TO_HALF 0
#endif
#if TO_HALF
typedef bf16 To;
#else
typedef float To;
#endif


struct Add {
  const T *x, *y;
  T *out;
  int64 count;
};
// out may be x or y.
KERNEL(add, Add) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    const auto x = load<n>(a.x + i), y = load<n>(a.y + i);
    Run<T, n> sum;
    for (int k = 0; k < n; k++) sum.at[k] = from_float<T>(to_float(x.at[k]) + to_float(y.at[k]));
    store(a.out + i, sum);
  });
}

struct Convert {
  const T *x;
  To *out;
  int64 count;
};
KERNEL(convert, Convert) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    const auto x = load<n>(a.x + i);
    Run<To, n> y;
    for (int k = 0; k < n; k++) y.at[k] = from_float<To>(to_float(x.at[k]));
    store(a.out + i, y);
  });
}
