// Tiles in shared memory and their products in registers: what the attention kernels are made of. Products are taken in
// bf16 by tensor cores, or in float (FLOAT_COMPUTE) by multiply-adds with the same places of a thread's sums, so that
// nothing around them knows the difference. With VECTORS rows begin at, and are, multiples of 16 bytes in memory.
//
// Of a warp's sums [16 * M, 8 * N] thread 4g + i holds, in sums[m][n], columns 8n + 2i and 8n + 2i + 1 of row 16m + g,
// then the same of row 16m + g + 8.

// Arrays of a thread are registers where each index is known when the kernel is compiled. The emulation has none.
#ifdef APUS_EMULATED
#define UNROLL
#else
#define UNROLL _Pragma("unroll")
#endif

#if FLOAT_COMPUTE
typedef float Element;
#else
typedef bf16 Element;
#endif

// With WGMMA (sm_90a) the right operands of products are read by a warpgroup's own instruction, four warps together:
// all of them then take part, whatever their rows see.

// Rows of `columns` elements, a multiple of 16, in pieces of 16 bytes. The same piece of eight successive rows lies in
// different banks: eight pieces of all rows stand together, eight pieces a row, which change places by row (the swizzle
// of 128 bytes that Hopper's instructions know); or rows are an odd number of pieces apart.
template <int row_count, int columns> struct Tile {
  static constexpr int rows = row_count, in_piece = 16 / sizeof(Element), pieces = columns / in_piece;
  static constexpr bool turns = pieces % 8 == 0;
  static constexpr int stride = turns ? 8 : pieces | 1;             // pieces from one row to the next
  static constexpr int eight = turns ? rows * 128 : 128;            // bytes from eight pieces to the next eight
  static constexpr int bytes = turns ? rows * pieces * 16 : rows * stride * 16;
  Element *first;

  // Piece p of row row0 + row, row0 a multiple of 8.
  __device__ Element *piece(int row0, int row, int p) const {
    const int place = turns ? p / 8 * (rows * 8) + (p % 8 ^ (row & 7)) : p;
    return first + (place + (row0 + row) * stride) * in_piece;
  }
};

// Where a lane finds pieces 2k + odd of its row, odd being 0 or 1: for constants k one of a few addresses and a
// constant.
template <class Tile> struct LaneRow {
  SharedAddress pairs[4];

  __device__ LaneRow(Tile tile, int row0, int row, int odd) {
    const SharedAddress begin = shared_address(tile.first) + (row0 + row) * (Tile::stride * 16);
    UNROLL for (int k = 0; k < 4; k++)
      pairs[k] = begin + (Tile::turns ? 2 * k ^ odd ^ (row & 7) : 2 * k + odd) * 16;
  }
  // The same of `row` rows, a multiple of 8, further on.
  __device__ SharedAddress at(int row, int k) const {
    return pairs[k % 4] + (k / 4 * Tile::eight + row * (Tile::stride * 16));
  }
};

// What is left of the dynamic shared memory, from which tiles are taken.
struct SharedMemory {
  unsigned char *rest;

  __device__ explicit SharedMemory(unsigned char *memory) : rest(memory) {
#if WGMMA
    rest += (1024 - reinterpret_cast<uint64>(memory) % 1024) % 1024;
#endif
  }
  // The first of `count` tiles.
  template <class Tile> __device__ Tile take(int count = 1) {
    Tile tile = {reinterpret_cast<Element *>(rest)};
    rest += count * Tile::bytes;
    return tile;
  }
};
// The tile that follows `stage` tiles later.
template <int rows, int columns>
__device__ inline Tile<rows, columns> staged(Tile<rows, columns> tile, int stage) {
  return {tile.first + stage * (Tile<rows, columns>::bytes / (int)sizeof(Element))};
}

// Fills a tile's rows with the first `width` elements from where `source(row)` points, and zeros: behind these, and in
// rows from `count` on. All threads of the block take part; with VECTORS the copies run on until they are waited for.
template <int rows, int columns, class Source>
__device__ inline void load_tile(Tile<rows, columns> tile, int count, int width, Source source) {
  constexpr int in_piece = tile.in_piece;
#if VECTORS
  constexpr int pieces = tile.pieces;
  UNROLL for (int i = 0; i < (rows * pieces + WARPS * 32 - 1) / (WARPS * 32); i++) {
    const int at = i * WARPS * 32 + threadIdx.x, row = at / pieces, p = at % pieces;
    if (rows * pieces % (WARPS * 32) != 0 && row >= rows) break;
    copy_async(
        shared_address(tile.piece(0, row, p)), source(row) + p * in_piece, row < count && p * in_piece < width);
  }
#else
  for (int at = threadIdx.x; at < rows * columns; at += WARPS * 32) {
    const int row = at / columns, column = at % columns;
    Element *to = tile.piece(0, row, column / in_piece) + column % in_piece;
    *to = from_float<Element>(row < count && column < width ? to_float(source(row)[column]) : 0.f);
  }
#endif
}
// The same of rows that lie `stride` elements apart.
template <int rows, int columns>
__device__ inline void load_tile(Tile<rows, columns> tile, int count, int width, const T *first, int stride) {
  constexpr int in_piece = tile.in_piece, pieces = tile.pieces, step = WARPS * 32 / pieces;
  if constexpr (!VECTORS || WARPS * 32 % pieces != 0 || rows % (step > 0 ? step : 1) != 0) {
    load_tile(tile, count, width, [=](int row) { return first + (int64)row * stride; });
  } else {
    // A thread's pieces lie at one place of every `step`th row: a running address takes fewer registers than one for
    // each.
    const int row0 = threadIdx.x / pieces, p = threadIdx.x % pieces;
    const T *from = first + (int64)row0 * stride + p * in_piece;
    if (p * in_piece >= width) count = 0;
    UNROLL for (int row = 0; row < rows; row += step, from += step * (int64)stride)
      copy_async(shared_address(tile.piece(row & ~7, row % 8 + row0, p)), from, row0 + row < count);
  }
}

// sums += the products of the rows from a0 on of `a` with those from b0 on of `b`.
template <int M, int N, int a_rows, int b_rows, int depth>
__device__ inline void multiply_rows(float (&sums)[M][N][4], Tile<a_rows, depth> a, int a0, Tile<b_rows, depth> b,
                                     int b0) {
  const int lane = threadIdx.x & 31;
#if FLOAT_COMPUTE
  const int g = lane / 4, i = lane % 4;
  for (int p = 0; p < depth / 4; p++) {
    Vector<float> left[M][2];
    UNROLL for (int m = 0; m < M; m++)
      for (int half = 0; half < 2; half++) left[m][half] = load_vector(a.piece(a0 + 16 * m, g + 8 * half, p));
    UNROLL for (int n = 0; n < N; n++)
      UNROLL for (int column = 0; column < 2; column++) {
        const Vector<float> right = load_vector(b.piece(b0 + 8 * n, 2 * i + column, p));
        UNROLL for (int m = 0; m < M; m++)
          UNROLL for (int half = 0; half < 2; half++)
            UNROLL for (int e = 0; e < 4; e++)
              sums[m][n][2 * half + column] += left[m][half].elements[e] * right.elements[e];
      }
  }
#else
  const LaneRow<Tile<a_rows, depth>> left_row(a, a0, lane % 16, lane / 16);
#if WGMMA
  static_assert(M == 1 && N % 8 == 0 && b.turns, "a warp's sixteen rows, 64 columns at a time");
  uint32 left[depth / 16][4];
  UNROLL for (int k = 0; k < depth / 16; k++) load_matrices(left[k], left_row.at(0, k));
  const SharedAddress right = shared_address(b.first) + b0 * 128;
  warpgroup_begin();
  UNROLL for (int n = 0; n < N; n += 8)
    UNROLL for (int k = 0; k < depth / 16; k++)
      warpgroup_multiply<false>(&sums[0][n], left[k], right + (k / 4 * b.eight + n * 1024 + k % 4 * 32));
  warpgroup_end();
#else
  const LaneRow<Tile<b_rows, depth>> right_row(b, b0, lane % 8 + lane / 16 * 8, lane / 8 % 2);
  UNROLL for (int k = 0; k < depth / 16; k++) {
    uint32 left[M][4];
    UNROLL for (int m = 0; m < M; m++) load_matrices(left[m], left_row.at(16 * m, k));
    UNROLL for (int n = 0; n < N; n += 2) {
      uint32 right[4];
      load_matrices(right, right_row.at(8 * n, k));
      UNROLL for (int m = 0; m < M; m++) {
        multiply_bf16(sums[m][n], left[m], right[0], right[1]);
        multiply_bf16(sums[m][n + 1], left[m], right[2], right[3]);
      }
    }
  }
#endif
#endif
}

// sums += `held` [16 * M, 8 * K], which the warp holds as sums are held, times columns from `first`, a multiple of 16,
// on of the rows from b0 on of `b`.
template <int first = 0, int M, int K, int N, int rows, int columns>
__device__ inline void multiply_held(float (&sums)[M][N][4], const float (&held)[M][K][4], Tile<rows, columns> b,
                                     int b0) {
#if FLOAT_COMPUTE
  const int lane = threadIdx.x & 31;
  UNROLL for (int k = 0; k < 8 * K; k++) {
    const int owner = (lane & ~3) | k % 8 / 2;
    float left[M][2];
    UNROLL for (int m = 0; m < M; m++)
      for (int half = 0; half < 2; half++)
        left[m][half] = __shfl_sync(0xffffffffu, held[m][k / 8][2 * half + k % 2], owner);
    UNROLL for (int n = 0; n < N; n++) {
      const float *right = b.piece(b0, k, first / 4 + 2 * n + lane % 4 / 2) + lane % 2 * 2;
      UNROLL for (int m = 0; m < M; m++)
        UNROLL for (int e = 0; e < 4; e++) sums[m][n][e] += left[m][e / 2] * right[e % 2];
    }
  }
#else
  uint32 left[K / 2][M][4];
  UNROLL for (int k = 0; k < K; k += 2)
    UNROLL for (int m = 0; m < M; m++)
      UNROLL for (int e = 0; e < 4; e++)
        left[k / 2][m][e] = round_to_pair(held[m][k + e / 2][e % 2 * 2], held[m][k + e / 2][e % 2 * 2 + 1]);
#if WGMMA
  static_assert(M == 1 && N % 8 == 0 && first % 64 == 0 && b.turns, "a warp's sixteen rows, 64 columns at a time");
  const SharedAddress right = shared_address(b.first) + b0 * 128;
  warpgroup_begin();
  UNROLL for (int n = 0; n < N; n += 8)
    UNROLL for (int k = 0; k < K; k += 2)
      warpgroup_multiply<true>(&sums[0][n], left[k / 2][0], right + ((first / 64 + n / 8) * b.eight + k * 1024));
  warpgroup_end();
#else
  const int lane = threadIdx.x & 31;
  const LaneRow<Tile<rows, columns>> right_row(b, b0, lane % 16, lane / 16);
  UNROLL for (int k = 0; k < K; k += 2) {
    UNROLL for (int n = 0; n < N; n += 2) {
      uint32 right[4];
      load_matrices_turned(right, right_row.at(8 * k, first / 16 + n / 2));
      UNROLL for (int m = 0; m < M; m++) {
        multiply_bf16(sums[m][n], left[k / 2][m], right[0], right[1]);
        multiply_bf16(sums[m][n + 1], left[k / 2][m], right[2], right[3]);
      }
    }
  }
#endif
#endif
}

// Writes the warp's sums, those of a row times the factor that `factors` gives for m and half, to where `target(row)`
// points for rows 0 to 16 * M - 1 of the warp; to none where it gives NULL.
template <class E, int M, int N, class Target>
__device__ inline void store_sums(const float (&sums)[M][N][4], const float (&factors)[M][2], int width,
                                  Target target) {
  const int lane = threadIdx.x & 31, i = lane % 4;
  UNROLL for (int m = 0; m < M; m++)
    UNROLL for (int half = 0; half < 2; half++) {
      E *to = target(16 * m + 8 * half + lane / 4);
      if (!to) continue;
      UNROLL for (int n = 0; n < N; n++) {
        const int column = 8 * n + 2 * i;
        const float x = sums[m][n][2 * half] * factors[m][half], y = sums[m][n][2 * half + 1] * factors[m][half];
#if VECTORS
        struct alignas(2 * sizeof(E)) Pair {
          E x, y;
        };
        if (column < width) *reinterpret_cast<Pair *>(to + column) = {from_float<E>(x), from_float<E>(y)};
#else
        if (column < width) to[column] = from_float<E>(x);
        if (column + 1 < width) to[column + 1] = from_float<E>(y);
#endif
      }
    }
}
