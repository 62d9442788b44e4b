// What scans have left, added up: results of heads that share one, and products to the end of each document.

// Row t, head h of the results, each the sum of `share` heads: of float results side by side.
struct SumHeads {
  int64 tokens, results, share, lanes;
  float out_factor;
  const float *each;
  void *out;
  int64 out_is_half, out_stride, accumulates;
};

KERNEL_OF(256, sum_heads, SumHeads) {
  const int64 width = a.results * a.lanes;
  for (int64 i = global_thread(); i < a.tokens * width; i += global_threads()) {
    int64 column, l;
    const int64 token = divide(i, width, column), result = divide(column, a.lanes, l);
    const float *from = a.each + (token * a.results + result) * a.share * a.lanes + l;
    float x = 0;
    for (int64 g = 0; g < a.share; g++) x += from[g * a.lanes];
    x *= a.out_factor;
    const int64 to = token * a.out_stride + column;
    if (a.accumulates) x += static_cast<const float *>(a.out)[to];
    set_element(a.out, a.out_is_half, to, x);
  }
}

struct DecayGradient {
  const float *products;  // [tokens, columns, each]
  const int *first;
  float *out;  // [tokens, columns]
  int64 length, columns, each;
};
// A block has 32 columns of a sequence (blockIdx.y), whose tokens 32 groups of threads share. What a group's tokens add
// up to, from the last to the first, and whether a document begins among them, says where the groups before them go on.
KERNEL_OF(1024, decay_gradient, DecayGradient) {
  __shared__ double sums[32][32];
  __shared__ int cut[32];
  const int l = threadIdx.x % 32, group = threadIdx.x / 32;
  const int64 column = (int64)blockIdx.x * 32 + l, row0 = blockIdx.y * a.length, size = (a.length + 31) / 32;
  const int64 begin = group * size, end = begin + size < a.length ? begin + size : a.length;
  const int *first = a.first ? a.first + row0 : nullptr;
  auto walk = [&](double sum, bool stores) {
    for (int64 t = end - 1; t >= begin; t--) {
      const int64 at = (row0 + t) * a.columns + column;
      for (int64 k = 0; k < a.each; k++) sum += a.products[at * a.each + k];
      // The first token of a document decays nothing; nor does the first of all.
      const bool begins = t == 0 || begins_at(first, a.length, false, t);
      if (stores) a.out[at] = begins ? 0.f : (float)sum;
      if (begins) sum = 0;
    }
    return sum;
  };
  if (threadIdx.x < 32) cut[threadIdx.x] = 0;
  sums[group][l] = column < a.columns ? walk(0, false) : 0;
  __syncthreads();
  if (l == 0)
    for (int64 t = begin; t < end; t++)
      if (t == 0 || begins_at(first, a.length, false, t)) cut[group] = 1;
  __syncthreads();
  double later = 0;
  for (int g = 31; g > group; g--) later = sums[g][l] + (cut[g] ? 0 : later);
  if (column < a.columns) walk(later, true);
}
