// Activations of rows, times a weight of the row where there is one. KIND: which, below 4 those with gate and up side
// by side in rows of 2 * width; WIDTH: elements of an access, 1 where rows or addresses are not multiples of it.
#ifndef KIND
#define KIND 0
#endif
#ifndef WIDTH
#define WIDTH 1
#endif
enum { swiglu, geglu, clamped_swiglu, exact_geglu, gelu, relu_squared };
constexpr bool is_gated = KIND <= exact_geglu;

// What is rounded to bf16 needs no finer exponential and quotient.
__device__ inline float exponential(float x) { return sizeof(T) == 2 ? __expf(x) : expf(x); }
__device__ inline float quotient(float x, float y) { return sizeof(T) == 2 ? __fdividef(x, y) : x / y; }

struct Activated {
  float value, by_gate, by_up;
};
// Of the magnitude, so that nothing overflows: sigmoid(-|z|) = e / (1 + e), sigmoid(|z|) = 1 / (1 + e).
struct Sigmoid {
  float e, value, slope;
  __device__ Sigmoid(float z) {
    e = exponential(-fabsf(z));
    const float inverse = quotient(1.f, 1.f + e);
    value = (z < 0 ? e : 1.f) * inverse;
    slope = e * inverse * inverse;
  }
};
// GELU in its tanh form, (1 + tanh(z / 2)) / 2 = sigmoid(z), and its slope.
__device__ inline Activated tanh_gelu(float x) {
  const Sigmoid s(1.5957691216057308f * x * (1.f + 0.044715f * x * x));
  // Far out the slope is a huge number times 0: there e is 0 exactly, and x is left out.
  const float inside = s.e == 0 ? 0.f : x;
  const float inner = 1.5957691216057308f * (1.f + 3 * 0.044715f * inside * inside);
  return {x * s.value, s.value + inside * inner * s.slope, 0};
}
// x times the normal distribution's share below x, and its slope.
__device__ inline Activated exact_gelu(float x) {
  const float below = 0.5f * erfcf(-0.7071067811865476f * x);
  return {x * below, below + 0.3989422804f * x * exponential(-0.5f * x * x), 0};
}
__device__ inline Activated activation(float g, float u) {
  if constexpr (KIND == swiglu) {
    const float s = Sigmoid(g).value;
    return {g * s * u, u * s * (1.f + g * (1.f - s)), g * s};
  } else if constexpr (KIND == geglu || KIND == exact_geglu) {
    const Activated y = KIND == geglu ? tanh_gelu(g) : exact_gelu(g);
    return {y.value * u, u * y.by_gate, y.value};
  } else if constexpr (KIND == clamped_swiglu) {
    const float gate = g > 7.f ? 7.f : g, up = u > 7.f ? 7.f : u < -7.f ? -7.f : u;
    const float s = Sigmoid(1.702f * gate).value, glu = gate * s;
    return {glu * (up + 1.f), g > 7.f ? 0.f : (up + 1.f) * s * (1.f + 1.702f * gate * (1.f - s)),
            u > 7.f || u < -7.f ? 0.f : glu};
  } else if constexpr (KIND == gelu) {
    return tanh_gelu(g);
  } else {
    const float positive = g < 0 ? 0.f : g;
    return {positive * positive, 2.f * positive, 0};
  }
}

struct Activation {
  const T *x;
  const float *weights;
  const T *out_gradient;
  T *out;
  float *weights_gradient;
  int64 rows, width;
};

__device__ inline const T *gate_of(const Activation &a, int64 row, int64 column) {
  return a.x + row * (is_gated ? 2 : 1) * a.width + column;
}

KERNEL(activate, Activation) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.width, row, column)) return;
  const T *from = gate_of(a, row, column);
  const Run<T, WIDTH> g = load<WIDTH>(from), u = load<WIDTH>(is_gated ? from + a.width : from);
  const float weight = a.weights ? a.weights[row] : 1.f;
  Run<T, WIDTH> y;
  for (int k = 0; k < WIDTH; k++)
    y.at[k] = from_float<T>(activation(to_float(g.at[k]), to_float(u.at[k])).value * weight);
  store(a.out + row * a.width + column, y);
}

// The gradient of some elements, which takes the place of nothing that is still read; returns the weight's share.
__device__ inline float backward(const Activation &a, int64 row, int64 column, float weight) {
  const T *from = gate_of(a, row, column);
  const Run<T, WIDTH> g = load<WIDTH>(from), u = load<WIDTH>(is_gated ? from + a.width : from);
  const Run<T, WIDTH> d = load<WIDTH>(a.out_gradient + row * a.width + column);
  Run<T, WIDTH> by_gate, by_up;
  float by_weight = 0;
  for (int k = 0; k < WIDTH; k++) {
    const Activated y = activation(to_float(g.at[k]), to_float(u.at[k]));
    const float gradient = to_float(d.at[k]);
    by_weight += gradient * y.value;
    by_gate.at[k] = from_float<T>(gradient * weight * y.by_gate);
    by_up.at[k] = from_float<T>(gradient * weight * y.by_up);
  }
  T *to = a.out + (from - a.x);
  store(to, by_gate);
  if (is_gated) store(to + a.width, by_up);
  return by_weight;
}

KERNEL(activate_backward, Activation) {
  int64 row, column;
  if (run_place<WIDTH>(a.rows, a.width, row, column)) backward(a, row, column, a.weights ? a.weights[row] : 1.f);
}

// The same with the gradient of the weights: a block has a row.
KERNEL(activate_backward_rows, Activation) {
  __shared__ float scratch[32];
  const int64 row = blockIdx.x;
  const float weight = a.weights ? a.weights[row] : 1.f;
  float sum = 0;
  for (int64 column = threadIdx.x * WIDTH; column < a.width; column += blockDim.x * WIDTH)
    sum += backward(a, row, column, weight);
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) a.weights_gradient[row] = sum;
}
