// The gradients of attention's keys and values. A block takes 16 * MTILES * WARPS keys of a head and goes through the
// queries of all heads that share them in tiles of QUERIES, STEP at a time, so a key's sums have one order. Scores are
// held turned, keys down and queries across: probabilities and their gradients then are left operands where they were
// made. Compiled with KEY_GRADIENT and VALUE_GRADIENT, which of the two are made: of wide heads one at a time, and of
// that COLUMNS columns from FIRST on.
#ifdef COLUMNS
#define KEY_COLUMNS COLUMNS
#define VALUE_COLUMNS COLUMNS
#else
#define KEY_COLUMNS HEAD
#define VALUE_COLUMNS VALUE
#define FIRST 0
#endif

struct KeyGradientArguments {
  Attention s;
  const T *query, *key, *value, *output_gradient;
  T *key_gradient, *value_gradient;
  // [sequences, heads, statistics_stride, 2]: the log-sum-exp as a power of 2, the sum of outputs times gradients
  const float *statistics;
  int64 statistics_stride;  // at least query_length, a multiple of 64; those of no query are zeros
  const KeyRange *reaches;  // of RANGED: [sequences, statistics_stride / 64]: the ends of the ranges of 64 queries
};

#define ROWS (16 * MTILES * WARPS)

KERNEL_OF(WARPS * 32, attention_key_gradients, KeyGradientArguments) {
  DYNAMIC_SHARED(memory);
  const Attention &s = a.s;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int query_length = (int)s.query_length, key_length = (int)s.key_length;
  const int group = (int)(s.heads / s.kv_heads);
  const int64 sequence = blockIdx.x / (int)s.kv_heads;
  const int kv = blockIdx.x % (int)s.kv_heads, row0 = (int)blockIdx.y * ROWS;

  SharedMemory rest(memory);
  const auto keys = rest.take<Tile<ROWS, HEAD>>();
  const auto queries = rest.take<Tile<QUERIES, HEAD>>(2);
  const auto values = rest.take<Tile<ROWS, VALUE>>();
  const auto gradients = rest.take<Tile<QUERIES, VALUE>>(2);
  float *statistics = reinterpret_cast<float *>(rest.rest);

  // Tiles of all heads are counted through; a block's last key says which queries are the first to see any.
  const int tiles = (query_length + QUERIES - 1) / QUERIES, end = group * tiles;
  const int first = CAUSAL ? max(row0 - place_of(s, 0), 0) / QUERIES : 0;
  const auto next_tile = [&](int tile) {
    for (;; tile++) {
      if (tile >= end) return end;
      if (tile % tiles < first) tile += first - tile % tiles;
#if RANGED
      const KeyRange reach = a.reaches[sequence * (a.statistics_stride / 64) + tile % tiles * QUERIES / 64];
      const bool in_range = reach.first < row0 + ROWS && reach.last >= row0;
      if (!in_range && !(SPECIAL && reach.document < row0 + ROWS && reach.kept_last >= row0)) continue;
#endif
      return tile;
    }
  };
  const auto load_queries = [&](int tile, int stage) {
    const int head = kv * group + tile / tiles, query0 = tile % tiles * QUERIES;
    const int64 token0 = sequence * query_length + query0;
    const int count = query_length - query0;
    load_tile(staged(queries, stage), count, (int)s.head_dim,
                       a.query + token0 * s.query_stride + head * s.head_dim, (int)s.query_stride);
    load_tile(staged(gradients, stage), count, (int)s.value_dim,
                       a.output_gradient + token0 * s.output_stride + head * s.value_dim, (int)s.output_stride);
    const float *from = a.statistics + 2 * ((sequence * s.heads + head) * a.statistics_stride + query0);
    for (int at = threadIdx.x; at < QUERIES / 2; at += WARPS * 32)
      copy_async(shared_address(statistics + stage * 2 * QUERIES + 4 * at), from + 4 * at, true);
  };

#if KEY_GRADIENT
  float key_sums[MTILES][KEY_COLUMNS / 8][4] = {};
#endif
#if VALUE_GRADIENT
  float value_sums[MTILES][VALUE_COLUMNS / 8][4] = {};
#endif
  const float factor = score_factor(s);
  const int warp_row = row0 + warp * 16 * MTILES;

  int tile = next_tile(0), stage = 0;
  if (tile < end) {
    const int64 token0 = sequence * key_length + row0;
    const int count = key_length - row0;
    load_tile(keys, count, (int)s.head_dim, a.key + token0 * s.key_stride + kv * s.head_dim, (int)s.key_stride);
    load_tile(values, count, (int)s.value_dim, a.value + token0 * s.value_stride + kv * s.value_dim,
                    (int)s.value_stride);
    load_queries(tile, 0);
    copies_commit();
  }
  while (tile < end) {
    copies_wait<0>();
    written_for_warpgroups();
    __syncthreads();
    const int next = next_tile(tile + 1);
    if (next < end) load_queries(next, stage ^ 1);
    copies_commit();

    const int head = kv * group + tile / tiles;
    const float slope = SCORES && s.slopes ? s.slopes[head] : 0.f;
#pragma unroll 1
    for (int step = 0; step < QUERIES; step += STEP) {
      // Each lane looks what one query in 32 sees of the warp's keys.
      const int query0 = tile % tiles * QUERIES + step;
      constexpr uint32 whole = 0xffffffffu >> (32 - 16 * MTILES);
      uint32 bits[(STEP + 31) / 32];
      bool is_seen = false, sees_all = true;
      UNROLL for (int i = 0; i < (STEP + 31) / 32; i++) {
        const int query = query0 + 32 * i + lane;
        const bool exists = 32 * i + lane < STEP && query < query_length;
        bits[i] = (uint32)seen_bits(s, seeing(s, sequence, head, query, exists), warp_row) & whole;
        is_seen |= bits[i] != 0;
        sees_all &= !exists || bits[i] == whole;
      }
      if (!WGMMA && !__any_sync(0xffffffffu, is_seen)) continue;
      sees_all = __all_sync(0xffffffffu, sees_all);

      float x[MTILES][STEP / 8][4] = {}, g[MTILES][STEP / 8][4] = {};
      multiply_rows(x, keys, warp * 16 * MTILES, staged(queries, stage), step);
      if (KEY_GRADIENT) multiply_rows(g, values, warp * 16 * MTILES, staged(gradients, stage), step);
      UNROLL for (int n = 0; n < STEP / 8; n++) {
        const int column0 = 8 * n + 2 * (lane % 4);
        const float *from = statistics + stage * 2 * QUERIES + 2 * (step + column0);
        const Vector<float> of_columns = load_vector(from);
        UNROLL for (int column = 0; column < 2; column++) {
          const float log_sum = of_columns.elements[2 * column], delta = of_columns.elements[2 * column + 1];
          const int place = place_of(s, query0 + column0 + column);
          if (!sees_all) {
            const uint32 seen = __shfl_sync(0xffffffffu, bits[n / 4], column0 % 32 + column) >> (lane / 4);
            UNROLL for (int m = 0; m < MTILES; m++)
              UNROLL for (int half = 0; half < 2; half++)
                if (!(seen >> (16 * m + 8 * half) & 1)) x[m][n][2 * half + column] = MINUS_INFINITY;
          }
          UNROLL for (int m = 0; m < MTILES; m++)
            UNROLL for (int half = 0; half < 2; half++) {
              const int key = warp_row + 16 * m + 8 * half + lane / 4;
              float &p = x[m][n][2 * half + column], &y = g[m][n][2 * half + column], steepness = 1.f;
              p = fast_exp2(fmaf(score(s, p, slope, place, key, steepness), factor, -log_sum));
              y = p * (y - delta) * steepness;
            }
        }
      }
#if VALUE_GRADIENT
      multiply_held<FIRST>(value_sums, x, staged(gradients, stage), step);
#endif
#if KEY_GRADIENT
      multiply_held<FIRST>(key_sums, g, staged(queries, stage), step);
#endif
    }
    tile = next;
    stage ^= 1;
  }

  const auto store = [&](const auto &sums, float by, T *to, int64 stride, int64 width) {
    float factors[MTILES][2];
    UNROLL for (int m = 0; m < MTILES; m++) factors[m][0] = factors[m][1] = by;
    store_sums<T>(sums, factors, (int)width - FIRST, [&](int r) -> T * {
      const int row = warp_row + r;
      return row < key_length ? to + (sequence * key_length + row) * stride + kv * width + FIRST : nullptr;
    });
  };
#if KEY_GRADIENT
  store(key_sums, s.scale, a.key_gradient, s.key_stride, s.head_dim);
#endif
#if VALUE_GRADIENT
  store(value_sums, 1.f, a.value_gradient, s.value_stride, s.value_dim);
#endif
}
