// Functions of float32 tensors, element by element. WIDTH: elements of an access, 1 where addresses are not multiples
// of 16 bytes.
#ifndef WIDTH
#define WIDTH 4
#endif

// out[i] = f(i) with up to three inputs, whose elements f takes; out may be any of them.
template <class Body> __device__ inline void for_floats(
    int64 count, const float *x, const float *y, const float *z, float *out, Body body) {
  for_elements<WIDTH>(count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    Run<float, n> u = load<n>(x + i), v = {}, w = {}, result;
    if (y) v = load<n>(y + i);
    if (z) w = load<n>(z + i);
    for (int k = 0; k < n; k++) result.at[k] = body(u.at[k], v.at[k], w.at[k]);
    store(out + i, result);
  });
}

struct Exponential {
  const float *x;
  float *out;
  int64 count, is_coarse;
};
// As finely as a softmax needs it whose probabilities are rounded to bf16, or as finely as float32 allows.
KERNEL(exponential, Exponential) {
  for_floats(a.count, a.x, nullptr, nullptr, a.out, [&](float x, float, float) {
    return a.is_coarse ? __expf(x) : expf(x);
  });
}

struct Clamp {
  const float *x, *gradient;
  float *out;
  int64 count;
  float low, high;
};
KERNEL(clamp, Clamp) {
  for_floats(a.count, a.x, nullptr, nullptr, a.out, [&](float x, float, float) {
    const float raised = x < a.low ? a.low : x;
    return raised > a.high ? a.high : raised;
  });
}
KERNEL(clamp_backward, Clamp) {
  for_floats(a.count, a.x, a.gradient, nullptr, a.out, [&](float x, float gradient, float) {
    return x >= a.low && x <= a.high ? gradient : 0.f;
  });
}

struct Product {
  const float *x, *y, *added;
  float *out;
  int64 count;
};
// out = added + x * y; added may be out, or nothing.
KERNEL(product, Product) {
  for_floats(a.count, a.x, a.y, a.added, a.out, [&](float x, float y, float added) { return added + x * y; });
}

struct Reciprocal {
  const float *sum, *bounds, *reciprocal, *gradient;
  float *out;
  int64 count;
  float epsilon;
};
// 1 / (max(|sum|, e^-bound) + epsilon).
KERNEL(bounded_reciprocal, Reciprocal) {
  for_floats(a.count, a.sum, a.bounds, nullptr, a.out, [&](float sum, float bound, float) {
    const float size = fabsf(sum), least = expf(-bound);
    return 1.f / ((size < least ? least : size) + a.epsilon);
  });
}
KERNEL(bounded_reciprocal_backward, Reciprocal) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    const auto sum = load<n>(a.sum + i), bound = load<n>(a.bounds + i), r = load<n>(a.reciprocal + i);
    Run<float, n> gradient = load<n>(a.gradient + i);
    for (int k = 0; k < n; k++) {
      const float slope = (sum.at[k] < 0 ? 1.f : -1.f) * r.at[k] * r.at[k];
      gradient.at[k] = fabsf(sum.at[k]) > expf(-bound.at[k]) ? slope * gradient.at[k] : 0.f;
    }
    store(a.out + i, gradient);
  });
}
