// Rows of tokens on their way to experts and back. Sums go in the order of a token's choices. WIDTH: elements of an
// access.
#ifndef WIDTH
#define WIDTH 1
#endif

__device__ inline float sigmoid(float x) { return 1.f / (1.f + expf(-x)); }

struct GatherRows {
  const T *x;
  const int *sources;
  T *output;
  int64 rows, columns;
};

KERNEL(gather_rows, GatherRows) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.columns, row, column)) return;
  store(a.output + row * a.columns + column, load<WIDTH>(a.x + a.sources[row] * a.columns + column));
}

struct CombineRows {
  const T *x;
  const int *places;
  T *output;
  int64 rows, count, columns;
};

KERNEL(combine_rows, CombineRows) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.columns, row, column)) return;
  const int *places = a.places + row * a.count;
  float sums[WIDTH] = {};
#pragma unroll 4
  for (int64 i = 0; i < a.count; i++) {
    const Run<T, WIDTH> x = load<WIDTH>(a.x + places[i] * a.columns + column);
#pragma unroll
    for (int e = 0; e < WIDTH; e++) sums[e] += to_float(x.at[e]);
  }
  Run<T, WIDTH> out;
#pragma unroll
  for (int e = 0; e < WIDTH; e++) out.at[e] = from_float<T>(sums[e]);
  store(a.output + row * a.columns + column, out);
}

struct GateRows {
  const T *x, *gate;
  T *output;
  int64 rows, columns;
};

KERNEL(gate_rows, GateRows) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.columns, row, column)) return;
  const float open = sigmoid(to_float(a.gate[row]));
  Run<T, WIDTH> x = load<WIDTH>(a.x + row * a.columns + column);
#pragma unroll
  for (int e = 0; e < WIDTH; e++) x.at[e] = from_float<T>(to_float(x.at[e]) * open);
  store(a.output + row * a.columns + column, x);
}

struct GateRowsGradient {
  const T *x, *gate, *output_gradient;
  T *input_gradient, *gate_gradient;
  int64 rows, columns;
};

// A block of threads takes a row.
KERNEL_OF(256, gate_rows_gradient, GateRowsGradient) {
  __shared__ float scratch[32];
  const int64 row = blockIdx.x, at = row * a.columns;
  const float open = sigmoid(to_float(a.gate[row]));
  float product = 0.f;
  for (int64 c = (int64)threadIdx.x * WIDTH; c < a.columns; c += (int64)blockDim.x * WIDTH) {
    Run<T, WIDTH> d = load<WIDTH>(a.output_gradient + at + c);
    const Run<T, WIDTH> x = load<WIDTH>(a.x + at + c);
#pragma unroll
    for (int e = 0; e < WIDTH; e++) {
      const float given = to_float(d.at[e]);
      product += given * to_float(x.at[e]);
      d.at[e] = from_float<T>(given * open);
    }
    store(a.input_gradient + at + c, d);
  }
  product = block_sum(product, scratch);
  if (threadIdx.x == 0) a.gate_gradient[row] = from_float<T>(product * open * (1.f - open));
}
