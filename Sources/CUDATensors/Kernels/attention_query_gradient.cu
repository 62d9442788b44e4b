// The gradient of attention's queries. A block takes 16 * MTILES * WARPS queries of a head, as the forward pass does,
// and computes scores again, STEP keys of a tile at a time. That this costs three products, of which the keys' kernel
// makes two once more, is less than it costs to bring partial sums of a kernel for both into one order: these would be
// float32, as many as there are blocks of keys, and go through memory. Of queries wider than COLUMNS, columns from
// FIRST on are made.
#ifndef COLUMNS
#define COLUMNS HEAD
#define FIRST 0
#endif

struct QueryGradientArguments {
  Attention s;
  const T *query, *key, *value, *output_gradient;
  T *query_gradient;
  // [sequences, heads, statistics_stride, 2]: the log-sum-exp as a power of 2, the sum of outputs times gradients
  const float *statistics;
  int64 statistics_stride;
};

#define ROWS (16 * MTILES * WARPS)

KERNEL_OF(WARPS * 32, attention_query_gradient, QueryGradientArguments) {
  DYNAMIC_SHARED(memory);
  __shared__ int shared[5];
  const Attention &s = a.s;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int query_length = (int)s.query_length, key_length = (int)s.key_length;
  const int64 sequence = blockIdx.x / (int)s.heads;
  const int head = blockIdx.x % (int)s.heads, kv = head / (int)(s.heads / s.kv_heads);
  const int row0 = (int)(gridDim.y - 1 - blockIdx.y) * ROWS;

  SharedMemory rest(memory);
  const auto queries = rest.take<Tile<ROWS, HEAD>>();
  const auto keys = rest.take<Tile<KEYS, HEAD>>(2);
  const auto gradients = rest.take<Tile<ROWS, VALUE>>();
  const auto values = rest.take<Tile<KEYS, VALUE>>(2);
  const T *key = a.key + sequence * key_length * s.key_stride + kv * s.head_dim;
  const T *value = a.value + sequence * key_length * s.value_stride + kv * s.value_dim;
  const int key_stride = (int)s.key_stride, value_stride = (int)s.value_stride;
  const auto load_keys = [&](int tile, int stage) {
    const int key0 = tile * KEYS, count = key_length - key0;
    const T *first_key = key + (int64)key0 * key_stride, *first_value = value + (int64)key0 * value_stride;
    load_tile(staged(keys, stage), count, (int)s.head_dim, first_key, key_stride);
    load_tile(staged(values, stage), count, (int)s.value_dim, first_value, value_stride);
  };

  const int warp_row = row0 + warp * 16 * MTILES, own_row = warp_row + lane;
  const bool exists = lane < 16 * MTILES && own_row < query_length;
  const Seeing own = seeing(s, sequence, head, own_row, exists);
  const int last_query = min(row0 + ROWS, query_length) - 1;
  const KeyTiles tiles = key_tiles(s, own, last_query, 0, key_length, KEYS, shared);

  float sums[MTILES][COLUMNS / 8][4] = {}, log_sum[MTILES][2], delta[MTILES][2];
  const float factor = score_factor(s), slope = SCORES && s.slopes ? s.slopes[head] : 0.f;
  UNROLL for (int m = 0; m < MTILES; m++)
    for (int half = 0; half < 2; half++) {
      const int row = warp_row + 16 * m + 8 * half + lane / 4;
      const float *from = a.statistics + 2 * ((sequence * s.heads + head) * a.statistics_stride + row);
      log_sum[m][half] = row < query_length ? from[0] : 0.f;
      delta[m][half] = row < query_length ? from[1] : 0.f;
    }

  int tile = next_tile(s, own, tiles, tiles.first, KEYS, shared), stage = 0;
  if (tile < tiles.end) {
    const int64 token0 = sequence * query_length + row0;
    const int count = query_length - row0;
    load_tile(queries, count, (int)s.head_dim, a.query + token0 * s.query_stride + head * s.head_dim,
                    (int)s.query_stride);
    load_tile(gradients, count, (int)s.value_dim,
                    a.output_gradient + token0 * s.output_stride + head * s.value_dim, (int)s.output_stride);
    load_keys(tile, 0);
    copies_commit();
  }
  while (tile < tiles.end) {
    copies_wait<0>();
    written_for_warpgroups();
    __syncthreads();
    const int next = next_tile(s, own, tiles, tile + 1, KEYS, shared);
    if (next < tiles.end) load_keys(next, stage ^ 1);
    copies_commit();

#pragma unroll 1
    for (int step = 0; step < KEYS; step += STEP) {
      const int key0 = tile * KEYS + step;
      constexpr uint64 whole = ~(uint64)0 >> (64 - STEP);
      const uint64 bits = seen_bits(s, own, key0) & whole;
      if (!WGMMA && !__any_sync(0xffffffffu, bits != 0)) continue;
      const bool sees_all = __all_sync(0xffffffffu, !exists || bits == whole);
      float x[MTILES][STEP / 8][4] = {}, g[MTILES][STEP / 8][4] = {};
      multiply_rows(x, queries, warp * 16 * MTILES, staged(keys, stage), step);
      multiply_rows(g, gradients, warp * 16 * MTILES, staged(values, stage), step);
      UNROLL for (int m = 0; m < MTILES; m++)
        UNROLL for (int half = 0; half < 2; half++) {
          const int row = 16 * m + 8 * half + lane / 4, place = place_of(s, warp_row + row);
          if (!sees_all) {
            const uint64 seen = __shfl_sync(0xffffffffu, bits, row) >> (2 * (lane % 4));
            UNROLL for (int at = 0; at < STEP / 4; at++)
              if (!(seen >> (at / 2 * 8 + at % 2) & 1)) x[m][at / 2][2 * half + at % 2] = MINUS_INFINITY;
          }
          UNROLL for (int at = 0; at < STEP / 4; at++) {
            const int key = key0 + 2 * (lane % 4) + at / 2 * 8 + at % 2;
            float &y = g[m][at / 2][2 * half + at % 2], steepness = 1.f;
            const float z = score(s, x[m][at / 2][2 * half + at % 2], slope, place, key, steepness);
            y = fast_exp2(fmaf(z, factor, -log_sum[m][half])) * (y - delta[m][half]) * steepness;
          }
        }
      multiply_held<FIRST>(sums, g, staged(keys, stage), step);
    }
    tile = next;
    stage ^= 1;
  }

  float factors[MTILES][2];
  UNROLL for (int m = 0; m < MTILES; m++) factors[m][0] = factors[m][1] = s.scale;
  store_sums<T>(sums, factors, (int)s.head_dim - FIRST, [&](int r) -> T * {
    const int row = warp_row + r;
    if (row >= query_length) return nullptr;
    return a.query_gradient + (sequence * query_length + row) * s.query_stride + head * s.head_dim + FIRST;
  });
}
