// The second pass of sums over many rows (gradients of norms' weights and of biases).

struct PartialSums {
  const float *partial;
  float *into;
  int64 parts, columns, stride;
};
// into[column] += the sum of the parts, `stride` apart; a block has 32 columns.
KERNEL_OF(1024, add_partial_sums, PartialSums) {
  __shared__ float sums[32][33];
  const int lane = threadIdx.x % 32, first = threadIdx.x / 32;
  const int64 column = (int64)blockIdx.x * 32 + lane;
  float sum = 0;
  if (column < a.columns) {
#pragma unroll 4
    for (int64 part = first; part < a.parts; part += 32) sum += a.partial[part * a.stride + column];
  }
  sums[first][lane] = sum;
  __syncthreads();
  if (first != 0 || column >= a.columns) return;
  float total = 0;
  for (int i = 0; i < 32; i++) total += sums[i][lane];
  a.into[column] += total;
}
