// Biases of groups of rows: group g's rows are offsets[g] up to offsets[g + 1]. Lists of tensors are lists of
// addresses, some of which may be null where they are gradients; `weights` of the rows may be null: 1. WIDTH: elements
// of an access.
#ifndef WIDTH
#define WIDTH 1
#endif

// The last group that begins at or before the row and has rows.
__device__ inline int64 group_of(int64 row, const int64 *offsets, int64 groups) {
  int64 low = 0, high = groups;
  while (high - low > 1) {
    const int64 middle = (low + high) / 2;
    if (offsets[middle] <= row) low = middle;
    else high = middle;
  }
  return low;
}

struct GroupedBias {
  const int64 *offsets, *biases;
  const float *weights;
  T *x;
  int64 groups, rows, columns;
};

KERNEL(grouped_bias, GroupedBias) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.columns, row, column)) return;
  row += a.offsets[0];
  const float *bias = (const float *)a.biases[group_of(row, a.offsets, a.groups)] + column;
  const float weight = a.weights ? a.weights[row] : 1.f;
  T *to = a.x + row * a.columns + column;
  Run<T, WIDTH> x = load<WIDTH>(to);
#pragma unroll
  for (int e = 0; e < WIDTH; e++) x.at[e] = from_float<T>(to_float(x.at[e]) + bias[e] * weight);
  store(to, x);
}

struct GroupedBiasGradient {
  const int64 *offsets, *biases, *bias_gradients;
  const float *weights;
  const T *output_gradient;
  float *weights_gradient;
  int64 groups, columns;
};

// A block of threads takes 32 columns of a group, eight rows at a time.
KERNEL_OF(256, grouped_bias_gradient, GroupedBiasGradient) {
  __shared__ float sums[8][32];
  const int64 group = blockIdx.y, column = (int64)blockIdx.x * 32 + (threadIdx.x & 31), lane = threadIdx.x >> 5;
  float *gradient = (float *)a.bias_gradients[group];
  if (!gradient) return;
  float sum = 0.f;
  if (column < a.columns)
#pragma unroll 4
    for (int64 row = a.offsets[group] + lane; row < a.offsets[group + 1]; row += 8)
      sum += to_float(a.output_gradient[row * a.columns + column]) * (a.weights ? a.weights[row] : 1.f);
  sums[lane][threadIdx.x & 31] = sum;
  __syncthreads();
  if (lane != 0 || column >= a.columns) return;
  float total = 0.f;
  for (int i = 0; i < 8; i++) total += sums[i][threadIdx.x];
  gradient[column] += total;
}

// A block of threads takes a row.
KERNEL_OF(256, grouped_bias_weights_gradient, GroupedBiasGradient) {
  __shared__ float scratch[32];
  const int64 row = blockIdx.x + a.offsets[0];
  const float *bias = (const float *)a.biases[group_of(row, a.offsets, a.groups)];
  float product = 0.f;
  for (int64 c = (int64)threadIdx.x * WIDTH; c < a.columns; c += (int64)blockDim.x * WIDTH) {
    const Run<T, WIDTH> d = load<WIDTH>(a.output_gradient + row * a.columns + c);
#pragma unroll
    for (int e = 0; e < WIDTH; e++) product += to_float(d.at[e]) * bias[c + e];
  }
  product = block_sum(product, scratch);
  if (threadIdx.x == 0) a.weights_gradient[row] += product;
}
