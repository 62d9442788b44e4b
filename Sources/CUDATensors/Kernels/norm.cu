// RMSNorm, LayerNorm (CENTRED) and RMSNorm of heads, whose rows are read once: LANES threads hold a row in registers,
// ROUNDS accesses of WIDTH elements each. LANES is a power of two up to 32, and a block has several rows, or all of a
// block's threads. Row r lies at r / heads * stride + r % heads * columns.
#ifndef LANES
#define LANES 128
#define ROUNDS 2
#define WIDTH (16 / (int)sizeof(T))
#define CENTRED 0
#endif
constexpr int threads = LANES > 32 ? LANES : 128, groups = threads / LANES;


// Of what the threads of a row bring; all threads of a block take part.
__device__ inline float row_sum(float x) {
  if constexpr (LANES > 32) {
    __shared__ float scratch[32];
    return block_sum(x, scratch);
  } else {
    for (int offset = LANES / 2; offset > 0; offset >>= 1) x += __shfl_xor_sync(0xffffffffu, x, offset);
    return x;
  }
}
__device__ inline int64 row_place(int64 row, int64 heads, int64 stride, int64 columns) {
  if (heads == 1) return row * stride;
  int64 head;
  const int64 whole = divide(row, heads, head);
  return whole * stride + head * columns;
}
// Column of a thread's access.
__device__ inline int64 column_of(int round) { return (round * LANES + threadIdx.x % LANES) * WIDTH; }

struct Norm {
  const T *x, *delta;
  const float *weight, *bias;
  T *sum, *out;
  float *statistics;
  int64 rows, heads, columns, stride;
  float one_plus, epsilon;
};
// sum = x + delta where there is one, out = (sum - mean) * rstd * weight + bias; statistics are rstd, or mean and rstd.
KERNEL_OF(threads, normalize, Norm) {
  const int64 row = (int64)blockIdx.x * groups + threadIdx.x / LANES;
  const bool is_row = row < a.rows;
  const int64 at = is_row ? row_place(row, a.heads, a.stride, a.columns) : 0;
  Run<T, WIDTH> x[ROUNDS], delta[ROUNDS];
  float total = 0, squares = 0;
#pragma unroll
  for (int i = 0; i < ROUNDS; i++) {
    const int64 c = column_of(i);
    if (!is_row || c >= a.columns) continue;
    x[i] = load<WIDTH>(a.x + at + c);
    if (a.delta) delta[i] = load<WIDTH>(a.delta + at + c);
  }
#pragma unroll
  for (int i = 0; i < ROUNDS; i++) {
    const int64 c = column_of(i);
    if (!is_row || c >= a.columns) continue;
    if (a.delta) {
      // The stored sum, rounded, is what the later layers and the backward pass see.
      for (int k = 0; k < WIDTH; k++) x[i].at[k] = from_float<T>(to_float(x[i].at[k]) + to_float(delta[i].at[k]));
      store(a.sum + at + c, x[i]);
    }
    for (int k = 0; k < WIDTH; k++) {
      const float v = to_float(x[i].at[k]);
      if (CENTRED) total += v;
      else squares += v * v;
    }
  }
  const float mean = CENTRED ? row_sum(total) / (float)a.columns : 0.f;
  if (CENTRED) {
#pragma unroll
    for (int i = 0; i < ROUNDS; i++)
      if (is_row && column_of(i) < a.columns)
        for (int k = 0; k < WIDTH; k++) {
          const float v = to_float(x[i].at[k]) - mean;
          squares += v * v;
        }
  }
  const float rstd = 1.f / sqrtf(row_sum(squares) / (float)a.columns + a.epsilon);
  if (!is_row) return;
  if (threadIdx.x % LANES == 0) {
    if (CENTRED) a.statistics[2 * row] = mean;
    a.statistics[CENTRED ? 2 * row + 1 : row] = rstd;
  }
#pragma unroll
  for (int i = 0; i < ROUNDS; i++) {
    const int64 c = column_of(i);
    if (c >= a.columns) continue;
    const Run<float, WIDTH> weight = load<WIDTH>(a.weight + c);
    Run<float, WIDTH> bias = {};
    if (CENTRED) bias = load<WIDTH>(a.bias + c);
    Run<T, WIDTH> y;
    for (int k = 0; k < WIDTH; k++)
      y.at[k] = from_float<T>((to_float(x[i].at[k]) - mean) * rstd * (weight.at[k] + a.one_plus) + bias.at[k]);
    store(a.out + at + c, y);
  }
}

struct NormBackward {
  const T *sum, *out_gradient, *residual;
  const float *weight, *statistics;
  T *sum_gradient;
  float *partial;
  int64 rows, heads, columns, stride, block_rows;
  float one_plus;
};
// With n = (sum - mean) * rstd and g = out_gradient * weight: sum_gradient = rstd * (g - mean(g) - n * mean(g * n)) +
// residual, in place of either gradient or elsewhere. Each block has `block_rows` rows and leaves the sums over them
// that are the gradients of weight and, after it, bias in its row of `partial`.
KERNEL_OF(threads, normalize_backward, NormBackward) {
  float by_weight[ROUNDS * WIDTH] = {}, by_bias[CENTRED ? ROUNDS * WIDTH : 1] = {};
  for (int64 first = 0; first < a.block_rows; first += groups) {
    const int64 row = blockIdx.x * a.block_rows + first + threadIdx.x / LANES;
    const bool is_row = row < a.rows;
    const int64 at = is_row ? row_place(row, a.heads, a.stride, a.columns) : 0;
    const float mean = CENTRED && is_row ? a.statistics[2 * row] : 0.f;
    const float rstd = is_row ? a.statistics[CENTRED ? 2 * row + 1 : row] : 0.f;
    Run<T, WIDTH> x[ROUNDS], d[ROUNDS], residual[ROUNDS] = {};
    float plain = 0, dot = 0;
#pragma unroll
    for (int i = 0; i < ROUNDS; i++) {
      const int64 c = column_of(i);
      if (!is_row || c >= a.columns) continue;
      x[i] = load<WIDTH>(a.sum + at + c);
      d[i] = load<WIDTH>(a.out_gradient + at + c);
      if (a.residual) residual[i] = load<WIDTH>(a.residual + at + c);
    }
#pragma unroll
    for (int i = 0; i < ROUNDS; i++) {
      const int64 c = column_of(i);
      if (!is_row || c >= a.columns) continue;
      const Run<float, WIDTH> weight = load<WIDTH>(a.weight + c);
      for (int k = 0; k < WIDTH; k++) {
        const float n = (to_float(x[i].at[k]) - mean) * rstd, gradient = to_float(d[i].at[k]);
        const float g = gradient * (weight.at[k] + a.one_plus);
        by_weight[i * WIDTH + k] += gradient * n;
        if (CENTRED) by_bias[i * WIDTH + k] += gradient;
        if (CENTRED) plain += g;
        dot += g * n;
      }
    }
    const float mean_g = CENTRED ? row_sum(plain) / (float)a.columns : 0.f;
    const float mean_gn = row_sum(dot) / (float)a.columns;
#pragma unroll
    for (int i = 0; i < ROUNDS; i++) {
      const int64 c = column_of(i);
      if (!is_row || c >= a.columns) continue;
      const Run<float, WIDTH> weight = load<WIDTH>(a.weight + c);
      Run<T, WIDTH> result;
      for (int k = 0; k < WIDTH; k++) {
        const float n = (to_float(x[i].at[k]) - mean) * rstd;
        const float g = to_float(d[i].at[k]) * (weight.at[k] + a.one_plus);
        result.at[k] = from_float<T>((g - mean_g - n * mean_gn) * rstd + to_float(residual[i].at[k]));
      }
      store(a.sum_gradient + at + c, result);
    }
  }
  if (!a.partial) return;
  for (int part = 0; part <= CENTRED; part++) {
    float *to = a.partial + (int64)(blockIdx.x * (1 + CENTRED) + part) * a.columns;
    __shared__ float sums[groups > 1 ? threads * ROUNDS * WIDTH : 1];
    if (groups > 1) __syncthreads();
#pragma unroll
    for (int i = 0; i < ROUNDS; i++)
      for (int k = 0; k < WIDTH; k++) {
        const int64 c = column_of(i) + k;
        const float sum = CENTRED && part ? by_bias[CENTRED ? i * WIDTH + k : 0] : by_weight[i * WIDTH + k];
        if (groups > 1) sums[threadIdx.x / LANES * (LANES * ROUNDS * WIDTH) + c] = sum;
        else if (c < a.columns) to[c] = sum;
      }
    if (groups == 1) continue;
    __syncthreads();
    for (int c = threadIdx.x; c < a.columns; c += threads) {
      float sum = 0;
      for (int group = 0; group < groups; group++) sum += sums[group * (LANES * ROUNDS * WIDTH) + c];
      to[c] = sum;
    }
  }
}
