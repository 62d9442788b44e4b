// Rows of a table by number, and the gradient of the table, in which rows with one number add up in their order:
// numbers are sorted first, in tiles and then by looking up every tile. WIDTH: elements of an access, 1 where rows or
// addresses are not multiples of it.
#ifndef WIDTH
#define WIDTH (16 / (int)sizeof(T))
#endif
constexpr int tile = 1024;

struct Embedding {
  const int *ids;
  const float *table;
  T *out;
  int64 tokens, columns;
  float scale;
};
KERNEL(embedding, Embedding) {
  int64 token, column;
  if (!run_place<WIDTH>(a.tokens, a.columns, token, column)) return;
  const Run<float, WIDTH> x = load<WIDTH>(a.table + a.ids[token] * a.columns + column);
  Run<T, WIDTH> y;
  for (int k = 0; k < WIDTH; k++) y.at[k] = from_float<T>(x.at[k] * a.scale);
  store(a.out + token * a.columns + column, y);
}

struct Sorting {
  const int *ids;
  int *tile_ids, *tile_tokens, *sorted_ids, *sorted_tokens;
  int64 tokens;
};
// Sorts each tile's tokens by their ids, equal ones in their order: a token's place is the number of those before it.
KERNEL_OF(tile, sort_tiles, Sorting) {
  __shared__ int ids[tile];
  const int64 start = (int64)blockIdx.x * tile;
  const int here = threadIdx.x, count = a.tokens - start < tile ? (int)(a.tokens - start) : tile;
  const int id = here < count ? a.ids[start + here] : 0;
  ids[here] = id;
  __syncthreads();
  if (here >= count) return;
  int place = 0;
  for (int i = 0; i < here; i++) place += ids[i] <= id;
  for (int i = here + 1; i < count; i++) place += ids[i] < id;
  a.tile_ids[start + place] = id;
  a.tile_tokens[start + place] = (int)start + here;
}
// A token's place among all: it is after equal ids of earlier tiles and before those of later ones.
KERNEL(merge_tiles, Sorting) {
  const int64 i = global_thread();
  if (i >= a.tokens) return;
  const int64 own = i / tile, tiles = (a.tokens + tile - 1) / tile;
  const int id = a.tile_ids[i];
  int64 place = 0;
#pragma unroll 4
  for (int64 other = 0; other < tiles; other++) {
    const int *ids = a.tile_ids + other * tile;
    const int64 rest = a.tokens - other * tile;
    const int count = rest < tile ? (int)rest : tile;
    // Several searches go on at once, so without branches.
    int before = 0;
#pragma unroll
    for (int step = tile; step > 0; step >>= 1) {
      const int to = before + step, seen = to <= count ? ids[to - 1] : id + 1;
      if (other < own ? seen <= id : seen < id) before = to;
    }
    place += other == own ? i - own * tile : before;
  }
  a.sorted_ids[place] = id;
  a.sorted_tokens[place] = a.tile_tokens[i];
}

struct EmbeddingBackward {
  const int *sorted_ids, *sorted_tokens;
  const T *out_gradient;
  float *table_gradient;
  int64 tokens, columns;
  float scale;
};
// A warp has 32 accesses of a row's columns, and that whose place is the first with its id adds up all with it.
KERNEL_OF(128, embedding_backward, EmbeddingBackward) {
  const int64 place = (int64)blockIdx.x * 4 + threadIdx.x / 32;
  const int lane = threadIdx.x % 32;
  const int64 column = ((int64)blockIdx.y * 32 + lane) * WIDTH;
  if (place >= a.tokens) return;
  const int id = a.sorted_ids[place];
  if (place > 0 && a.sorted_ids[place - 1] == id) return;
  const bool has_columns = column < a.columns;
  float *to = a.table_gradient + id * a.columns + column;
  Run<float, WIDTH> sum = {};
  if (has_columns) sum = load<WIDTH>(to);
  // Each lane looks at one of the next 32 places, and rows are on their way together.
  int count = 32;
  for (int64 first = place; count == 32; first += 32) {
    const bool is_same = first + lane < a.tokens && a.sorted_ids[first + lane] == id;
    const int token = is_same ? a.sorted_tokens[first + lane] : 0;
    count = __popc(__ballot_sync(0xffffffffu, is_same));
    constexpr int ahead = 16;
    for (int next = 0; next < count; next += ahead) {
      Run<T, WIDTH> d[ahead];
#pragma unroll
      for (int i = 0; i < ahead; i++) {
        const int64 row = __shfl_sync(0xffffffffu, token, (next + i) & 31);
        if (next + i < count && has_columns) d[i] = load<WIDTH>(a.out_gradient + row * a.columns + column);
      }
#pragma unroll
      for (int i = 0; i < ahead; i++)
        if (next + i < count && has_columns)
          for (int k = 0; k < WIDTH; k++) sum.at[k] += to_float(d[i].at[k]) * a.scale;
    }
  }
  if (has_columns) store(to, sum);
}
