// Products of bf16 matrices in tensor cores, one or a list of them in one launch: those of experts, each with rows and
// a matrix of its own, and all of them where cuBLASLt is missing. A block of threads takes a tile of 128 by 128; sums
// are float32, in the order of the depth.
//
// LEFT_BY_DEPTH: the left operand lies [rows, depth], else [depth, rows]. RIGHT_BY_DEPTH: the right one lies
// [columns, depth], else [depth, columns].

constexpr int tile = 128, step = 32, stages = 4, threads = 256;

// One product of the list. `tile0` is the number of its first tile among all.
struct Item {
  const bf16 *left, *right;
  void *output;
  int64 rows, columns, depth, tile0;
};

// What lies contiguously is a multiple of eight elements, and everything begins at a multiple of 16 bytes.
struct TensorProducts {
  const Item *items;
  int64 count, left_stride, right_stride, output_stride;
  int64 is_float, accumulates;
};

// `tile` vectors of `step` elements of depth in shared memory, in rows with 16 bytes between them, so that eight rows
// of 16 bytes are in different banks. Sizes are in bytes.
template <bool by_depth> struct Operand {
  static constexpr int width = by_depth ? step : tile, pitch = 2 * width + 16, size = (by_depth ? tile : step) * pitch;

  // Begins to copy what lies at (vector0, depth0) and is inside of the matrix; the rest is 0.
  __device__ static void load(
      SharedAddress to, const bf16 *from, int64 stride, int64 vector0, int64 vectors, int64 depth0, int64 depth) {
#pragma unroll
    for (int part = 0; part < tile * step / 8 / threads; part++) {
      const int i = part * threads + threadIdx.x, row = i / (width / 8), column = i % (width / 8) * 8;
      const int64 vector = vector0 + (by_depth ? row : column), k = depth0 + (by_depth ? column : row);
      const bool exists = vector < vectors && k < depth;
      copy_async(to + row * pitch + column * 2, from + (by_depth ? vector * stride + k : k * stride + vector), exists);
    }
  }

  // Fragments of 16 vectors and depth 16, each of eight by eight: of a left operand the next one is the next vectors',
  // of a right operand, of which a product takes two that follow each other in registers, the next depth's.
  template <bool is_right> __device__ static void fragments(uint32 (&to)[4], SharedAddress from, int vector, int k) {
    const int lane = threadIdx.x & 31, first = lane / 8 % 2 * 8, second = lane / 16 * 8, i = lane % 8;
    const int v = vector + (is_right ? second : first), d = k + (is_right ? first : second);
    if (by_depth) load_matrices(to, from + (v + i) * pitch + d * 2);
    else load_matrices_turned(to, from + (d + i) * pitch + v * 2);
  }
};
using Left = Operand<LEFT_BY_DEPTH>;
using Right = Operand<RIGHT_BY_DEPTH>;
constexpr int stage_size = Left::size + Right::size;

__device__ inline void store(const TensorProducts &a, void *output, int64 at, float x, float y, bool second) {
  if (a.is_float) {
    float *to = (float *)output + at;
    if (a.accumulates) {
      x += to[0];
      if (second) y += to[1];
    }
    to[0] = x;
    if (second) to[1] = y;
  } else {
    bf16 *to = (bf16 *)output + at;
    if (second && a.output_stride % 2 == 0) {
      *(uint32 *)to = round_to_pair(x, y);
    } else {
      to[0] = from_float<bf16>(x);
      if (second) to[1] = from_float<bf16>(y);
    }
  }
}

// Dynamic shared memory: `stages` times both operands.
KERNEL_OF(256, tensor_products, TensorProducts) {
  DYNAMIC_SHARED(memory);
  const SharedAddress shared = shared_address(memory);
  int64 low = 0, high = a.count;
  while (high - low > 1) {
    const int64 middle = (low + high) / 2;
    if (a.items[middle].tile0 <= (int64)blockIdx.x) low = middle;
    else high = middle;
  }
  const Item item = a.items[low];
  const int64 row_tiles = (item.rows + tile - 1) / tile, number = (int64)blockIdx.x - item.tile0;
  const int64 row0 = number % row_tiles * tile, column0 = number / row_tiles * tile;
  const int64 steps = (item.depth + step - 1) / step;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warp_row = warp / 4 * 64, warp_column = warp % 4 * 32;

  auto load = [&](int64 k) {
    const SharedAddress to = shared + (int)(k % stages) * stage_size;
    if (k < steps) {
      Left::load(to, item.left, a.left_stride, row0, item.rows, k * step, item.depth);
      Right::load(to + Left::size, item.right, a.right_stride, column0, item.columns, k * step, item.depth);
    }
    copies_commit();
  };
  float sums[4][4][4];
#pragma unroll
  for (int i = 0; i < 64; i++) sums[i / 16][i / 4 % 4][i % 4] = 0.f;
  for (int k = 0; k < stages - 1; k++) load(k);
  for (int64 k = 0; k < steps; k++) {
    copies_wait<stages - 2>();
    __syncthreads();
    load(k + stages - 1);
    const SharedAddress left = shared + (int)(k % stages) * stage_size, right = left + Left::size;
#pragma unroll
    for (int part = 0; part < step; part += 16) {
      uint32 x[4][4], y[2][4];
#pragma unroll
      for (int i = 0; i < 4; i++) Left::fragments<false>(x[i], left, warp_row + i * 16, part);
#pragma unroll
      for (int j = 0; j < 2; j++) Right::fragments<true>(y[j], right, warp_column + j * 16, part);
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) multiply_bf16(sums[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
    }
  }
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 4; j++)
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int64 row = row0 + warp_row + i * 16 + half * 8 + lane / 4;
        const int64 column = column0 + warp_column + j * 8 + lane % 4 * 2;
        if (row < item.rows && column < item.columns)
          store(a, item.output, row * a.output_stride + column, sums[i][j][half * 2], sums[i][j][half * 2 + 1],
                column + 1 < item.columns);
      }
}
