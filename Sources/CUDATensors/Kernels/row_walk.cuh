// Kernels that go down the columns of a matrix in blocks of rows and leave sums for each column.

// Of a block's 256 threads `lanes`, a power of two up to 32, go along the columns, N elements each, and the others down
// the `block_rows` rows of block y: body(row, column, sums) for each run of elements, then store(column, sum) for each
// column.
template <int N, class Body, class Store>
__device__ inline void walk_rows(int64 rows, int64 columns, int64 block_rows, int64 along, Body body, Store store) {
  __shared__ float sums[256 * N];
  const int lanes = (int)along, lane = threadIdx.x % lanes, first = threadIdx.x / lanes, step = 256 / lanes;
  const int64 column = ((int64)blockIdx.x * lanes + lane) * N, start = blockIdx.y * block_rows;
  const int64 end = start + block_rows < rows ? start + block_rows : rows;
  float sum[N] = {};
  if (column < columns) {
#pragma unroll 2
    for (int64 row = start + first; row < end; row += step) body(row, column, sum);
  }
  for (int k = 0; k < N; k++) sums[(first * lanes + lane) * N + k] = sum[k];
  __syncthreads();
  for (int c = threadIdx.x; c < lanes * N; c += 256) {
    float total = 0;
    for (int row = 0; row < step; row++) total += sums[row * lanes * N + c];
    const int64 to = (int64)blockIdx.x * lanes * N + c;
    if (to < columns) store(to, total);
  }
}
