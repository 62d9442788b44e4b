// The sum of squares, in double, by chunks whose size does not depend on the card. WIDTH: elements of an access, 1
// where the address is no multiple of 16 bytes.
#ifndef WIDTH
#define WIDTH 4
#endif
constexpr int threads = 256, chunk = 65536;

struct Squares {
  const float *x;
  double *partial;
  int64 count;
};
// partial[block] = the sum of its chunk. Floats add up over short runs only; runs add up in double.
KERNEL_OF(threads, squares, Squares) {
  const int64 start = (int64)blockIdx.x * chunk;
  const int64 end = start + chunk < a.count ? start + chunk : a.count;
  __shared__ double scratch[32];
  double total = 0;
  constexpr int ahead = 16 / WIDTH;
  for (int64 first = start + threadIdx.x * WIDTH; first < end; first += ahead * threads * WIDTH) {
    Run<float, WIDTH> x[ahead];
#pragma unroll
    for (int run = 0; run < ahead; run++) {
      const int64 i = first + run * threads * WIDTH;
      if (i + WIDTH <= end) {
        x[run] = load<WIDTH>(a.x + i);
      } else {
        for (int k = 0; k < WIDTH; k++) x[run].at[k] = i + k < end ? a.x[i + k] : 0.f;
      }
    }
    float sum = 0;
#pragma unroll
    for (int run = 0; run < ahead; run++)
      for (int k = 0; k < WIDTH; k++) sum += x[run].at[k] * x[run].at[k];
    total += sum;
  }
  total = block_total(total, scratch);
  if (threadIdx.x == 0) a.partial[blockIdx.x] = total;
}

struct Total {
  const double *partial;
  double *total;
  int64 parts;
};
KERNEL_OF(threads, add_squares, Total) {
  __shared__ double scratch[32];
  double total = 0;
  for (int64 i = threadIdx.x; i < a.parts; i += threads) total += a.partial[i];
  total = block_total(total, scratch);
  if (threadIdx.x == 0) *a.total = total;
}
