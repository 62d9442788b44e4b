// Products of any shape and stride, where cuBLASLt refuses or is missing: tiles of 64 by 64, sums in float32 in the
// order of the depth.

constexpr int tile = 64, step = 16;

// output [rows, columns] = left [rows, depth] x right [depth, columns]. Strides are in elements; an output row is
// `output_stride` long.
struct Product {
  const T *left, *right;
  void *output;
  int64 rows, columns, depth;
  int64 left_row, left_depth, right_depth, right_column, output_stride;
  int64 is_float, accumulates;
};

// Brings `tile` vectors of `step` elements to [step][tile], neighbours in memory by neighbouring threads.
__device__ inline void load_tile(
    float (*to)[tile + 4], const T *from, int64 first, int64 end, int64 vector_stride, int64 depth0, int64 depth,
    int64 depth_stride) {
  for (int i = threadIdx.x; i < tile * step; i += blockDim.x) {
    const int vector = depth_stride == 1 ? i / step : i % tile, k = depth_stride == 1 ? i % step : i / tile;
    const bool inside = first + vector < end && depth0 + k < depth;
    to[k][vector] = inside ? to_float(from[(first + vector) * vector_stride + (depth0 + k) * depth_stride]) : 0.f;
  }
}

KERNEL_OF(256, product, Product) {
  __shared__ __align__(16) float left[step][tile + 4];
  __shared__ __align__(16) float right[step][tile + 4];
  const int64 row0 = (int64)blockIdx.x * tile, column0 = (int64)blockIdx.y * tile;
  const int row = threadIdx.x / 16 * 4, column = threadIdx.x % 16 * 4;
  float sums[4][4];
#pragma unroll
  for (int i = 0; i < 16; i++) sums[i / 4][i % 4] = 0.f;
  for (int64 k0 = 0; k0 < a.depth; k0 += step) {
    load_tile(left, a.left, row0, a.rows, a.left_row, k0, a.depth, a.left_depth);
    load_tile(right, a.right, column0, a.columns, a.right_column, k0, a.depth, a.right_depth);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < step; k++) {
      const Vector<float> x = load_vector(&left[k][row]), y = load_vector(&right[k][column]);
#pragma unroll
      for (int i = 0; i < 16; i++) sums[i / 4][i % 4] = fmaf(x.elements[i / 4], y.elements[i % 4], sums[i / 4][i % 4]);
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 16; i++) {
    const int64 r = row0 + row + i / 4, c = column0 + column + i % 4, at = r * a.output_stride + c;
    if (r >= a.rows || c >= a.columns) continue;
    const float sum = sums[i / 4][i % 4];
    if (a.is_float) {
      float *to = (float *)a.output + at;
      *to = a.accumulates ? *to + sum : sum;
    } else {
      ((bf16 *)a.output)[at] = from_float<bf16>(sum);
    }
  }
}
