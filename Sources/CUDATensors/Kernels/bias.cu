// One number a column added to rows, and its gradient: sums over the rows. WIDTH: elements of an access, 1 where rows
// or addresses are not multiples of it.
#ifndef WIDTH
#define WIDTH (16 / (int)sizeof(T))
#endif

struct AddBias {
  T *x;
  const float *bias;
  int64 rows, columns;
};
KERNEL(add_bias, AddBias) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.columns, row, column)) return;
  T *at = a.x + row * a.columns + column;
  Run<T, WIDTH> x = load<WIDTH>(at);
  const Run<float, WIDTH> bias = load<WIDTH>(a.bias + column);
  for (int k = 0; k < WIDTH; k++) x.at[k] = from_float<T>(to_float(x.at[k]) + bias.at[k]);
  store(at, x);
}

struct ColumnSums {
  const T *x;
  float *partial;
  int64 rows, columns, block_rows, lanes;
};
// partial[block y, column] = the sum of the rows of block y. Of a block's 256 threads `lanes`, a power of two up to
// 32, go along the columns, and the others down the rows.
KERNEL_OF(256, column_sums, ColumnSums) {
  __shared__ float sums[256 * WIDTH];
  const int lanes = (int)a.lanes, lane = threadIdx.x % lanes, first = threadIdx.x / lanes, step = 256 / lanes;
  const int64 column = ((int64)blockIdx.x * lanes + lane) * WIDTH;
  const int64 start = blockIdx.y * a.block_rows;
  const int64 end = start + a.block_rows < a.rows ? start + a.block_rows : a.rows;
  float sum[WIDTH] = {};
  if (column < a.columns) {
#pragma unroll 4
    for (int64 row = start + first; row < end; row += step) {
      const Run<T, WIDTH> x = load<WIDTH>(a.x + row * a.columns + column);
      for (int k = 0; k < WIDTH; k++) sum[k] += to_float(x.at[k]);
    }
  }
  for (int k = 0; k < WIDTH; k++) sums[first * lanes * WIDTH + lane * WIDTH + k] = sum[k];
  __syncthreads();
  for (int c = threadIdx.x; c < lanes * WIDTH; c += 256) {
    float total = 0;
    for (int row = 0; row < step; row++) total += sums[row * lanes * WIDTH + c];
    const int64 to = (int64)blockIdx.x * lanes * WIDTH + c;
    if (to < a.columns) a.partial[blockIdx.y * a.columns + to] = total;
  }
}
