// A function of every number: maps, with a bias for each column, and gates. FUNCTION: which; OUT_HALF: whether a map's
// results are bf16, x being of type T; WIDTH: elements of an access, 1 where addresses (or, with sums, rows) are not
// multiples of it.
#ifndef FUNCTION
#define FUNCTION 2
#endif
#ifndef OUT_HALF
#define OUT_HALF 0
#endif
#ifndef WIDTH
#define WIDTH 4
#endif
#if OUT_HALF
typedef bf16 Out;
#else
typedef float Out;
#endif
enum { identity, sigmoid_function, silu, log_sigmoid, softplus_function, exponential, tangent, relu, log_one_minus };

// Of the magnitude, so that nothing overflows.
__device__ inline float sigmoid(float x) {
  const float e = expf(-fabsf(x));
  return (x < 0 ? e : 1.f) / (1.f + e);
}
__device__ inline float softplus(float x) { return (x < 0 ? 0.f : x) + log1pf(expf(-fabsf(x))); }

__device__ inline float value(float x) {
  if constexpr (FUNCTION == sigmoid_function) return sigmoid(x);
  else if constexpr (FUNCTION == silu) return x * sigmoid(x);
  else if constexpr (FUNCTION == log_sigmoid) return -softplus(-x);
  else if constexpr (FUNCTION == softplus_function) return softplus(x);
  else if constexpr (FUNCTION == exponential) return expf(x > 88.37626f ? 88.37626f : x);
  else if constexpr (FUNCTION == tangent) return tanhf(x);
  else if constexpr (FUNCTION == relu) return x > 0 ? x : 0.f;
  else if constexpr (FUNCTION == log_one_minus) return logf(fmaxf(1.f - x, 1e-6f));
  else return x;
}
__device__ inline float slope(float x) {
  if constexpr (FUNCTION == sigmoid_function) {
    const float s = sigmoid(x);
    return s * (1.f - s);
  } else if constexpr (FUNCTION == silu) {
    const float s = sigmoid(x);
    return s * (1.f + x * (1.f - s));
  } else if constexpr (FUNCTION == log_sigmoid) return sigmoid(-x);
  else if constexpr (FUNCTION == softplus_function) return sigmoid(x);
  else if constexpr (FUNCTION == exponential) return value(x);
  else if constexpr (FUNCTION == tangent) {
    const float t = tanhf(x);
    return 1.f - t * t;
  } else if constexpr (FUNCTION == relu) return x > 0 ? 1.f : 0.f;
  else if constexpr (FUNCTION == log_one_minus) return 1.f - x > 1e-6f ? -1.f / (1.f - x) : 0.f;
  else return 1.f;
}

struct Map {
  const T *x;
  const float *bias;
  Out *out;
  int64 count, columns;
  float factor;
};
struct MapBackward {
  const T *x;
  const float *bias;
  const Out *out_gradient;
  T *input_gradient;
  float *partial;  // [blocks y, columns], where the sums over rows are wanted
  int64 rows, columns, block_rows, lanes;
  float factor;
};
struct Gate {
  const T *x, *gate, *out_gradient;
  T *out, *gate_gradient;
  int64 count;
};

// Some elements with the biases of their columns.
template <int N>
__device__ inline void load_biased(float (&x)[N], const T *from, const float *bias, int64 i, int64 columns) {
  const Run<T, N> v = load<N>(from + i);
  int64 column = 0;
  if (bias) divide(i, columns, column);
  for (int k = 0; k < N; k++) {
    x[k] = to_float(v.at[k]);
    if (!bias) continue;
    x[k] += bias[column];
    if (++column == columns) column = 0;
  }
}
// inputGradient of some elements, which are left in `d` too.
template <int N> __device__ inline void map_back(const MapBackward &a, int64 i, float (&d)[N]) {
  const Run<Out, N> given = load<N>(a.out_gradient + i);
  Run<T, N> to;
  load_biased<N>(d, a.x, a.bias, i, a.columns);
  for (int k = 0; k < N; k++) {
    d[k] = slope(d[k]) * a.factor * to_float(given.at[k]);
    to.at[k] = from_float<T>(d[k]);
  }
  store(a.input_gradient + i, to);
}

KERNEL_OF(256, map, Map) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    float x[n];
    load_biased<n>(x, a.x, a.bias, i, a.columns);
    Run<Out, n> y;
    for (int k = 0; k < n; k++) y.at[k] = from_float<Out>(value(x[k]) * a.factor);
    store(a.out + i, y);
  });
}
KERNEL_OF(256, map_backward, MapBackward) {
  for_elements<WIDTH>(a.rows * a.columns, [&](auto size, int64 i) {
    float d[decltype(size)::value];
    map_back<decltype(size)::value>(a, i, d);
  });
}
KERNEL_OF(256, map_backward_sums, MapBackward) {
  walk_rows<WIDTH>(
      a.rows, a.columns, a.block_rows, a.lanes,
      [&](int64 row, int64 column, float (&sum)[WIDTH]) {
        float d[WIDTH];
        map_back<WIDTH>(a, row * a.columns + column, d);
        for (int k = 0; k < WIDTH; k++) sum[k] += d[k];
      },
      [&](int64 column, float sum) { a.partial[blockIdx.y * a.columns + column] = sum; });
}
KERNEL_OF(256, gate, Gate) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    const auto x = load<n>(a.x + i), g = load<n>(a.gate + i);
    Run<T, n> y;
    for (int k = 0; k < n; k++) y.at[k] = from_float<T>(to_float(x.at[k]) * value(to_float(g.at[k])));
    store(a.out + i, y);
  });
}
KERNEL_OF(256, gate_backward, Gate) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    const auto x = load<n>(a.x + i), g = load<n>(a.gate + i), d = load<n>(a.out_gradient + i);
    Run<T, n> of_x, of_gate;
    for (int k = 0; k < n; k++) {
      const float given = to_float(d.at[k]), by = to_float(g.at[k]);
      of_x.at[k] = from_float<T>(given * value(by));
      of_gate.at[k] = from_float<T>(given * to_float(x.at[k]) * slope(by));
    }
    store(a.out + i, of_x);
    store(a.gate_gradient + i, of_gate);
  });
}
