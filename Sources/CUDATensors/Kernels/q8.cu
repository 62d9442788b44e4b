// Weights in blocks of eight bits, GGUF's Q8_0. A row of weights is its whole numbers as bytes, then the scale of each
// 32 of them in half precision, filled up to 16 bytes.

constexpr int block_width = 32;

struct PackQ8 {
  const float *weights;
  unsigned char *packed;
  int64 rows, inputs, row_bytes;
};

// To half precision, nearest even, of a number that is not negative.
__device__ inline uint16 to_half(float f) {
  const uint32 u = __float_as_uint(f);
  if (u >= 0x477ff000u) return u > 0x7f800000u ? 0x7e00 : 0x7c00;
  if (u < 0x38800000u) return (uint16)(int)rintf(f * 0x1p24f);
  return (uint16)((u + 0xfff + ((u >> 13) & 1) - 0x38000000u) >> 13);
}
__device__ inline float from_half(uint16 h) { return __uint_as_float((uint32)h << 13) * 0x1p112f; }

// A warp rounds a block.
KERNEL(pack_q8, PackQ8) {
  const int64 blocks = a.inputs / block_width, lane = threadIdx.x & 31;
  for (int64 i = global_thread() / 32; i < a.rows * blocks; i += global_threads() / 32) {
    int64 block;
    const int64 row = divide(i, blocks, block);
    const float x = a.weights[i * block_width + lane], scale = warp_max(fabsf(x)) / 127;
    unsigned char *to = a.packed + row * a.row_bytes;
    to[block * block_width + lane] = (unsigned char)(signed char)(int)roundf(x * (scale > 0 ? 1 / scale : 0.f));
    if (lane == 0) ((uint16 *)(to + a.inputs))[block] = to_half(scale);
  }
}

struct UnpackQ8 {
  const unsigned char *packed;
  T *weights;
  int64 rows, inputs, row_bytes;
};

KERNEL(unpack_q8, UnpackQ8) {
  const int64 per_row = a.inputs / 16;
  for (int64 i = global_thread(); i < a.rows * per_row; i += global_threads()) {
    int64 k;
    const int64 row = divide(i, per_row, k);
    k *= 16;
    const unsigned char *from = a.packed + row * a.row_bytes;
    const Vector<signed char> w = load_vector((const signed char *)from + k);
    const float scale = from_half(((const uint16 *)(from + a.inputs))[k / block_width]);
    constexpr int width = Vector<T>::count;
#pragma unroll
    for (int part = 0; part < 16 / width; part++) {
      Vector<T> out;
#pragma unroll
      for (int e = 0; e < width; e++) out.elements[e] = from_float<T>((float)w.elements[part * width + e] * scale);
      store_vector(a.weights + row * a.inputs + k + part * width, out);
    }
  }
}
