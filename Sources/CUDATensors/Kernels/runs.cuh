// Elements that a thread moves at once: where rows, columns and addresses are multiples of 16 bytes, so many; else one.

template <class E, int N> struct alignas(N * sizeof(E) < 16 ? N * sizeof(E) : 16) Run {
  E at[N];
};
template <int N, class E> __device__ inline Run<E, N> load(const E *p) {
  return *reinterpret_cast<const Run<E, N> *>(p);
}
// As one word by its own instruction: the compiler does not always see that elements go together.
__device__ inline uint32 word_of(const float *x) { return __float_as_uint(*x); }
__device__ inline uint32 word_of(const bf16 *x) { return (uint32)x[0].bits | ((uint32)x[1].bits << 16); }
template <int N, class E> __device__ inline void store(E *p, const Run<E, N> &v) {
  if constexpr (N * sizeof(E) % 16 == 0) {
    constexpr int step = 4 / sizeof(E);
    for (int k = 0; k < N; k += 4 * step) {
      const E *x = v.at + k;
      const uint4 words = make_uint4(word_of(x), word_of(x + step), word_of(x + 2 * step), word_of(x + 3 * step));
      __stcg(reinterpret_cast<uint4 *>(p + k), words);
    }
  } else {
    *reinterpret_cast<Run<E, N> *>(p) = v;
  }
}

// Quotient and remainder; division of 32 bits is much quicker.
__device__ inline int64 divide(int64 i, int64 by, int64 &rest) {
  const int64 whole = (i | by) >> 32 ? i / by : (uint32)i / (uint32)by;
  rest = i - whole * by;
  return whole;
}
// Row and first column of this thread's run of N elements of a matrix; false past its end.
template <int N> __device__ inline bool run_place(int64 rows, int64 columns, int64 &row, int64 &column) {
  const int64 i = global_thread(), runs = columns / N;
  if (i >= rows * runs) return false;
  row = divide(i, runs, column);
  column *= N;
  return true;
}

template <int N> struct Count {
  static constexpr int value = N;
};
// body(Count<N>, i) for this thread's N elements; the last few of all go one by one.
template <int N, class Body> __device__ inline void for_elements(int64 count, Body body) {
  int64 i = global_thread() * N;
  if (i + N <= count) {
    body(Count<N>(), i);
  } else {
    for (; i < count; i++) body(Count<1>(), i);
  }
}

// As `block_sum`, in double.
__device__ inline double block_total(double x, double *scratch) {
  for (int offset = 16; offset > 0; offset >>= 1) x += __shfl_xor_sync(0xffffffffu, x, offset);
  __syncthreads();
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = x;
  __syncthreads();
  double total = 0;
  for (int warp = 0; warp < blockDim.x / 32; warp++) total += scratch[warp];
  return total;
}
