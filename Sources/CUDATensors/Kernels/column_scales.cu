// Columns times a weight each, heads times a number each, and sums over heads. KIND: what a weight makes of a column's
// factor; RIGHT_HALF: whether the results of heads times numbers, or the second operands of dots, are bf16, x being of
// type T; WIDTH: elements of an access, 1 where addresses or rows (heads, of dots) are not multiples of it.
#ifndef KIND
#define KIND 0
#endif
#ifndef RIGHT_HALF
#define RIGHT_HALF 0
#endif
#ifndef WIDTH
#define WIDTH 4
#endif
#if RIGHT_HALF
typedef bf16 Right;
#else
typedef float Right;
#endif
enum { plain, negative_exponential, sigmoid_of };

__device__ inline float column_factor(float weight) {
  return KIND == negative_exponential ? -expf(weight) : KIND == sigmoid_of ? 1.f / (1.f + expf(-weight)) : weight;
}
__device__ inline float column_slope(float weight) {
  const float factor = column_factor(weight);
  return KIND == negative_exponential ? factor : KIND == sigmoid_of ? factor * (1.f - factor) : 1.f;
}
// The weights of N neighbouring columns, `share` of which have one.
template <int N> __device__ inline void load_weights(float (&to)[N], const float *weight, int64 column, int64 share) {
  int64 rest, w = divide(column, share, rest);
  for (int k = 0; k < N; k++) {
    to[k] = weight[w];
    if (++rest == share) {
      rest = 0;
      w++;
    }
  }
}

struct ScaleColumns {
  const T *x, *plus;
  const float *weight;
  T *out;
  int64 rows, columns, share;
};
struct ScaleColumnsBackward {
  const T *x, *out_gradient;
  const float *weight;
  T *input_gradient;
  float *partial;  // [blocks y, share, columns / share], or null
  int64 rows, columns, share, block_rows, lanes;
};
struct ScaleHeads {
  const T *x;
  const float *scale;
  Right *out;
  int64 count, width;
};
struct HeadDots {
  const T *left;
  const Right *right;
  float *out;
  int64 dots, width, lanes;
  float factor;
};

KERNEL_OF(256, scale_columns, ScaleColumns) {
  int64 row, column;
  if (!run_place<WIDTH>(a.rows, a.columns, row, column)) return;
  const int64 at = row * a.columns + column;
  const auto x = load<WIDTH>(a.x + at);
  Run<T, WIDTH> plus = {}, y;
  if (a.plus) plus = load<WIDTH>(a.plus + at);
  float weight[WIDTH];
  load_weights<WIDTH>(weight, a.weight, column, a.share);
  for (int k = 0; k < WIDTH; k++)
    y.at[k] = from_float<T>(to_float(x.at[k]) * column_factor(weight[k]) + to_float(plus.at[k]));
  store(a.out + at, y);
}
KERNEL_OF(256, scale_columns_backward, ScaleColumnsBackward) {
  float factor[WIDTH] = {};
  const int64 mine = ((int64)blockIdx.x * a.lanes + threadIdx.x % a.lanes) * WIDTH;
  if (mine < a.columns) load_weights<WIDTH>(factor, a.weight, mine, a.share);
  for (int k = 0; k < WIDTH; k++) factor[k] = column_factor(factor[k]);
  walk_rows<WIDTH>(
      a.rows, a.columns, a.block_rows, a.lanes,
      [&](int64 row, int64 column, float (&sum)[WIDTH]) {
        const int64 at = row * a.columns + column;
        const auto x = load<WIDTH>(a.x + at), d = load<WIDTH>(a.out_gradient + at);
        Run<T, WIDTH> to;
        for (int k = 0; k < WIDTH; k++) {
          const float given = to_float(d.at[k]);
          to.at[k] = from_float<T>(given * factor[k]);
          sum[k] += given * to_float(x.at[k]);
        }
        store(a.input_gradient + at, to);
      },
      [&](int64 column, float sum) {
        if (!a.partial) return;
        int64 rest, w = divide(column, a.share, rest);
        a.partial[blockIdx.y * a.columns + rest * (a.columns / a.share) + w] = sum * column_slope(a.weight[w]);
      });
}

KERNEL_OF(256, scale_heads, ScaleHeads) {
  for_elements<WIDTH>(a.count, [&](auto size, int64 i) {
    constexpr int n = decltype(size)::value;
    const auto x = load<n>(a.x + i);
    float scale[n];
    load_weights<n>(scale, a.scale, i, a.width);
    Run<Right, n> y;
    for (int k = 0; k < n; k++) y.at[k] = from_float<Right>(to_float(x.at[k]) * scale[k]);
    store(a.out + i, y);
  });
}
// `lanes` threads of a warp, a power of two, take a dot together.
KERNEL_OF(256, head_dots, HeadDots) {
  const int lanes = (int)a.lanes;
  const int64 dot = global_thread() / lanes, begin = dot * a.width;
  float sum = 0;
  if (dot < a.dots) {
    for (int64 i = threadIdx.x % lanes * WIDTH; i < a.width; i += lanes * WIDTH) {
      const auto left = load<WIDTH>(a.left + begin + i);
      const auto right = load<WIDTH>(a.right + begin + i);
      for (int k = 0; k < WIDTH; k++) sum += to_float(left.at[k]) * to_float(right.at[k]);
    }
  }
  for (int offset = lanes / 2; offset > 0; offset >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (dot < a.dots && threadIdx.x % lanes == 0) a.out[dot] = sum * a.factor;
}
