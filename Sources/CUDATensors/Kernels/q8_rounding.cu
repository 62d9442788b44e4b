// Weights rounded to blocks of 32 with a scale in half precision (GGUF's Q8_0), and back. WIDTH: elements of an
// access, 1 where the address is no multiple of 16 bytes.
#ifndef WIDTH
#define WIDTH 4
#endif
constexpr int lanes = 32 / WIDTH;

// A number that is not negative, rounded to half precision, nearest even.
__device__ inline float half_precision(float x) {
  const uint32 bits = __float_as_uint(x);
  if (bits >= 0x477ff000u) return __uint_as_float(bits > 0x7f800000u ? 0x7fc00000u : 0x7f800000u);
  // Below 2^-14 the steps are 2^-24.
  if (bits < 0x38800000u) return rintf(x * 16777216.f) * 5.9604645e-8f;
  return __uint_as_float((bits + 0xfffu + ((bits >> 13) & 1)) & ~0x1fffu);
}

struct Rounding {
  float *weights;
  int64 count;
};
KERNEL(round_to_q8, Rounding) {
  const int64 i = global_thread() * WIDTH;
  const bool is_weight = i < a.count;
  Run<float, WIDTH> x = {};
  if (is_weight) x = load<WIDTH>(a.weights + i);
  float largest = 0;
  for (int k = 0; k < WIDTH; k++) largest = fmaxf(largest, fabsf(x.at[k]));
  for (int offset = lanes / 2; offset > 0; offset >>= 1)
    largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, offset));
  const float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0, stored = half_precision(scale);
  for (int k = 0; k < WIDTH; k++) x.at[k] = roundf(x.at[k] * inverse) * stored;
  if (is_weight) store(a.weights + i, x);
}
