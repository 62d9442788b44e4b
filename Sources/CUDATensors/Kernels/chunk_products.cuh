// Products of a chunk of 64 tokens on tensor cores: chunked_scan.cu says which, and what the macros mean.
#ifndef ROWS
#define ROWS 64
#define LANES 64
#define ORDER 0
#define STAGES 1
#endif

constexpr int chunk_tokens = 64, row_pitch = ROWS + 8, lane_pitch = LANES + 8;
constexpr int row_tiles = ROWS / 64, lane_tiles = LANES / 8;

// Which rows and columns of tiles this thread has (multiply_bf16), and of which row of which of four matrices it gives
// the address: `down`, `across` where the second matrix lies below the first, `second_down`, `second_across` beside it.
struct Fragment {
  int warp, g, i, down, across, second_down, second_across;
  __device__ inline Fragment() {
    const int l = threadIdx.x % 32;
    warp = threadIdx.x / 32;
    g = l / 4;
    i = l % 4;
    down = l % 16;
    across = l / 16 * 8;
    second_down = l / 16 * 8 + l % 8;
    second_across = l / 8 % 2 * 8;
  }
};
// A chunk's operands in shared memory, bf16.
struct Operands {
  bf16 *read, *row, *lane;
};

// What the warp's tokens read of the state before the chunk, and P with what is left of each token, rounded.
__device__ inline void read_chunk(const Operands &from, const bf16 *kept, const ChunkDecays &d, const Fragment &f,
                                  float (&out)[lane_tiles][4], uint32 (&p)[4][4]) {
  const int token0 = f.warp * 16;
  float scores[8][4] = {};
#pragma unroll
  for (int n = 0; n < lane_tiles; n++)
#pragma unroll
    for (int k = 0; k < 4; k++) out[n][k] = 0;
#pragma unroll 2
  for (int r = 0; r < ROWS; r += 16) {
    uint32 read[4], b[4];
    load_matrices(read, from.read + (token0 + f.down) * row_pitch + r + f.across);
#pragma unroll
    for (int n = 0; n < 4; n++) {
      if (n > f.warp) continue;
      load_matrices(b, from.row + (n * 16 + f.second_down) * row_pitch + r + f.second_across);
      multiply_bf16(scores[2 * n], read, b[0], b[1]);
      multiply_bf16(scores[2 * n + 1], read, b[2], b[3]);
    }
#pragma unroll
    for (int n = 0; n < lane_tiles; n += 2) {
      load_matrices_turned(b, kept + (r + f.down) * lane_pitch + n * 8 + f.across);
      multiply_bf16(out[n], read, b[0], b[1]);
      multiply_bf16(out[n + 1], read, b[2], b[3]);
    }
  }
#pragma unroll
  for (int k = 0; k < 4; k++) {
    const int t = token0 + f.g + k / 2 * 8, cuts = d.read_cuts[t];
    const float log = d.read[t], of_state = left_of(0.f, 0, log, cuts);
#pragma unroll
    for (int n = 0; n < lane_tiles; n++) out[n][k] *= of_state;
#pragma unroll
    for (int n = 0; n < 8; n++) {
      const int other = n * 8 + 2 * f.i + k % 2;
      const bool sees = ORDER == 0 ? other <= t : other < t;
      scores[n][k] = sees ? scores[n][k] * left_of(d.added[other], d.added_cuts[other], log, cuts) : 0.f;
    }
  }
#pragma unroll
  for (int n = 0; n < 8; n++) {
    p[n / 2][n % 2 * 2] = round_to_pair(scores[n][0], scores[n][1]);
    p[n / 2][n % 2 * 2 + 1] = round_to_pair(scores[n][2], scores[n][3]);
  }
}

__device__ inline uint32 scaled_pair(uint32 pair, float low, float high) {
  return round_to_pair(__uint_as_float(pair << 16) * low, __uint_as_float(pair & 0xffff0000u) * high);
}
// Adds P lane to `out`, and what is left of each token at the chunk's end to the state; returns what is left of that.
template <bool reads>
__device__ inline float take_chunk(const Operands &from, const ChunkDecays &d, const Fragment &f,
                                   float (&s)[row_tiles][lane_tiles][4], float (&out)[lane_tiles][4],
                                   const uint32 (&p)[4][4]) {
  const float end = d.added[chunk_tokens - 1];
  const int end_cuts = d.added_cuts[chunk_tokens - 1];
  const float of_state = left_of(0.f, 0, end, end_cuts);
#pragma unroll
  for (int m = 0; m < row_tiles; m++)
#pragma unroll
    for (int n = 0; n < lane_tiles; n++)
#pragma unroll
      for (int k = 0; k < 4; k++) s[m][n][k] *= of_state;
#pragma unroll
  for (int k = 0; k < 4; k++) {
    uint32 row[row_tiles][4];
    float left[4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      const int t = k * 16 + 2 * f.i + j % 2 + j / 2 * 8;
      left[j] = left_of(d.added[t], d.added_cuts[t], end, end_cuts);
    }
#pragma unroll
    for (int m = 0; m < row_tiles; m++) {
      const int row0 = (f.warp * row_tiles + m) * 16;
      load_matrices_turned(row[m], from.row + (k * 16 + f.second_down) * row_pitch + row0 + f.second_across);
#pragma unroll
      for (int j = 0; j < 4; j++) row[m][j] = scaled_pair(row[m][j], left[j / 2 * 2], left[j / 2 * 2 + 1]);
    }
#pragma unroll
    for (int n = 0; n < lane_tiles; n += 2) {
      uint32 b[4];
      load_matrices_turned(b, from.lane + (k * 16 + f.down) * lane_pitch + n * 8 + f.across);
      if (reads && k <= f.warp) {
        multiply_bf16(out[n], p[k], b[0], b[1]);
        multiply_bf16(out[n + 1], p[k], b[2], b[3]);
      }
#pragma unroll
      for (int m = 0; m < row_tiles; m++) {
        multiply_bf16(s[m][n], row[m], b[0], b[1]);
        multiply_bf16(s[m][n + 1], row[m], b[2], b[3]);
      }
    }
  }
  return of_state;
}
