// Attention forward (FlashAttention-2, arXiv:2307.08691): a block takes 16 * MTILES * WARPS rows and goes through the
// keys in tiles of KEYS, the next of which arrives while one is worked on; scores stay in registers. Compiled with HEAD
// and VALUE, the widths as multiples of 16. A row is a query of a head or, if PACKED, one of all heads that share keys,
// head by head. With SPLIT a block takes only some of the keys, and `attention_join` joins what these give. Values
// wider than 256 are taken in several launches.

struct ForwardArguments {
  Attention s;
  const T *query, *key, *value;
  T *output;             // [sequences, query_length, heads, value_dim], rows output_stride apart
  float *log_sum_exp;    // [sequences, heads, query_length]
  int64 keys_in_part;    // of SPLIT, a multiple of KEYS
  float *parts;          // of SPLIT: [parts, sequences, heads, query_length, value_dim], not yet divided by the sums
  float *part_sums;      // of SPLIT: [parts, sequences, heads, query_length, 2]: the base of exponents of 2, the sum
  int64 first_value, values;  // of a value the columns that are made
};

#define ROWS (16 * MTILES * WARPS)

KERNEL_OF(WARPS * 32, attention_forward, ForwardArguments) {
  DYNAMIC_SHARED(memory);
  __shared__ int shared[5];
  const Attention &s = a.s;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int query_length = (int)s.query_length, key_length = (int)s.key_length;
  const int group = (int)(s.heads / s.kv_heads), units = (int)(PACKED ? s.kv_heads : s.heads);
  // Blocks with the most keys come first.
  const int64 sequence = blockIdx.x / units;
  const int unit = blockIdx.x % units, row0 = (int)(gridDim.y - 1 - blockIdx.y) * ROWS;
  const int rows = PACKED ? group * query_length : query_length;
  const int kv = PACKED ? unit : unit / group;
  const auto head_of = [&](int row) { return PACKED ? unit * group + row / query_length : unit; };
  const auto query_of = [&](int row) { return PACKED ? row % query_length : row; };

  SharedMemory rest(memory);
  const auto queries = rest.take<Tile<ROWS, HEAD>>();
  const auto keys = rest.take<Tile<KEYS, HEAD>>(2);
  const auto values = rest.take<Tile<KEYS, VALUE>>(2);
  const T *key = a.key + sequence * key_length * s.key_stride + kv * s.head_dim;
  const T *value = a.value + sequence * key_length * s.value_stride + kv * s.value_dim + a.first_value;
  const int key_stride = (int)s.key_stride, value_stride = (int)s.value_stride;
  const auto load_keys = [&](int tile, int stage) {
    const int key0 = tile * KEYS, count = key_length - key0;
    const T *first_key = key + (int64)key0 * key_stride, *first_value = value + (int64)key0 * value_stride;
    load_tile(staged(keys, stage), count, (int)s.head_dim, first_key, key_stride);
    load_tile(staged(values, stage), count, (int)a.values, first_value, value_stride);
  };

  // Each lane keeps what one of the warp's rows sees.
  const int warp_row = row0 + warp * 16 * MTILES, own_row = warp_row + lane;
  const bool exists = lane < 16 * MTILES && own_row < rows;
  const int own_query = exists ? query_of(own_row) : 0;
  const Seeing own = seeing(s, sequence, exists ? head_of(own_row) : 0, own_query, exists);
  const int key_first = SPLIT ? (int)(blockIdx.z * a.keys_in_part) : 0;
  const int key_end = SPLIT ? min(key_first + (int)a.keys_in_part, key_length) : key_length;
  const int last_query = PACKED ? query_length - 1 : min(row0 + ROWS, query_length) - 1;
  const KeyTiles tiles = key_tiles(s, own, last_query, key_first, key_end, KEYS, shared);

  float sums[MTILES][VALUE / 8][4] = {}, base[MTILES][2], total[MTILES][2];
  const float factor = score_factor(s);
  UNROLL for (int m = 0; m < MTILES; m++)
    for (int half = 0; half < 2; half++) {
      const int row = warp_row + 16 * m + 8 * half + lane / 4, head = row < rows ? head_of(row) : 0;
      // A sink is a score that was seen before all others.
      base[m][half] = s.sinks && !SPLIT ? s.sinks[head] * LOG2_E : MINUS_INFINITY;
      total[m][half] = s.sinks && !SPLIT && lane % 4 == 0 ? 1.f : 0.f;
    }

  int tile = next_tile(s, own, tiles, tiles.first, KEYS, shared), stage = 0;
  if (tile < tiles.end) {
    load_tile(queries, rows - row0, (int)s.head_dim, [&](int r) {
      const int64 token = sequence * query_length + query_of(row0 + r);
      return a.query + token * s.query_stride + head_of(row0 + r) * s.head_dim;
    });
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

    const int key0 = tile * KEYS;
    constexpr uint64 whole = ~(uint64)0 >> (64 - KEYS);
    const uint64 bits = seen_bits(s, own, key0) & whole;
    if (WGMMA || __any_sync(0xffffffffu, bits != 0)) {
      float x[MTILES][KEYS / 8][4] = {};
      multiply_rows(x, queries, warp * 16 * MTILES, staged(keys, stage), 0);
      const bool sees_all = __all_sync(0xffffffffu, !exists || bits == whole);
      float top[MTILES][2];
      bool grows = false;
      UNROLL for (int m = 0; m < MTILES; m++)
        UNROLL for (int half = 0; half < 2; half++) {
          top[m][half] = MINUS_INFINITY;
          if (!sees_all) {
            const uint64 seen = __shfl_sync(0xffffffffu, bits, 16 * m + 8 * half + lane / 4) >> (2 * (lane % 4));
            UNROLL for (int at = 0; at < KEYS / 4; at++)
              if (!(seen >> (at / 2 * 8 + at % 2) & 1)) x[m][at / 2][2 * half + at % 2] = MINUS_INFINITY;
          }
#if SCORES
          const int row = warp_row + 16 * m + 8 * half + lane / 4, place = place_of(s, query_of(row));
          const float slope = s.slopes ? s.slopes[row < rows ? head_of(row) : 0] : 0.f;
          UNROLL for (int at = 0; at < KEYS / 4; at++) {
            float &y = x[m][at / 2][2 * half + at % 2], steepness;
            y = score(s, y, slope, place, key0 + 2 * (lane % 4) + at / 2 * 8 + at % 2, steepness);
          }
#endif
          UNROLL for (int at = 0; at < KEYS / 4; at++)
            top[m][half] = fmaxf(top[m][half], x[m][at / 2][2 * half + at % 2]);
          top[m][half] = fmaxf(top[m][half], __shfl_xor_sync(0xffffffffu, top[m][half], 1));
          top[m][half] = fmaxf(top[m][half], __shfl_xor_sync(0xffffffffu, top[m][half], 2)) * factor;
          // With exponentials up to 2^8 nothing is lost in float, nor by rounding to bf16.
          grows |= top[m][half] > base[m][half] + 8.f;
        }
      if (__any_sync(0xffffffffu, grows)) {
        UNROLL for (int m = 0; m < MTILES; m++)
          UNROLL for (int half = 0; half < 2; half++) {
            const float higher = fmaxf(base[m][half], top[m][half]);
            const float shrink = higher == MINUS_INFINITY ? 1.f : fast_exp2(base[m][half] - higher);
            base[m][half] = higher;
            total[m][half] *= shrink;
            UNROLL for (int n = 0; n < VALUE / 8; n++) {
              sums[m][n][2 * half] *= shrink;
              sums[m][n][2 * half + 1] *= shrink;
            }
          }
      }
      UNROLL for (int m = 0; m < MTILES; m++)
        UNROLL for (int half = 0; half < 2; half++) {
          // A row that has seen nothing yet keeps -infinity; its exponents are taken against 0 instead.
          const float against = base[m][half] == MINUS_INFINITY ? 0.f : base[m][half];
          UNROLL for (int at = 0; at < KEYS / 4; at++) {
            float &y = x[m][at / 2][2 * half + at % 2];
            y = fast_exp2(fmaf(y, factor, -against));
            total[m][half] += y;
          }
        }
      multiply_held(sums, x, staged(values, stage), 0);
    }
    tile = next;
    stage ^= 1;
  }

  float shares[MTILES][2];
  UNROLL for (int m = 0; m < MTILES; m++)
    for (int half = 0; half < 2; half++) {
      float t = total[m][half];
      t += __shfl_xor_sync(0xffffffffu, t, 1);
      t += __shfl_xor_sync(0xffffffffu, t, 2);
      // A NaN shows in what its row gives.
      shares[m][half] = SPLIT ? 1.f : t > 0.f ? 1.f / t : t == t ? 0.f : t;
      const int row = warp_row + 16 * m + 8 * half + lane / 4;
      if (lane % 4 != 0 || row >= rows) continue;
      const int64 at = (sequence * s.heads + head_of(row)) * query_length + query_of(row);
      if (SPLIT) {
        float *to = a.part_sums + 2 * (blockIdx.z * (gridDim.x / units) * s.heads * query_length + at);
        to[0] = base[m][half];
        to[1] = t;
      } else {
        a.log_sum_exp[at] = t > 0.f ? base[m][half] / LOG2_E + logf(t) : t == t ? MINUS_INFINITY : t;
      }
    }
#if SPLIT
  store_sums<float>(sums, shares, (int)a.values, [&](int r) -> float * {
    const int row = warp_row + r;
    if (row >= rows) return nullptr;
    const int64 part = blockIdx.z * (gridDim.x / units) + sequence;
    return a.parts + ((part * s.heads + head_of(row)) * query_length + query_of(row)) * s.value_dim + a.first_value;
  });
#else
  store_sums<T>(sums, shares, (int)a.values, [&](int r) -> T * {
    const int row = warp_row + r;
    if (row >= rows) return nullptr;
    const int64 token = sequence * query_length + query_of(row);
    return a.output + token * s.output_stride + head_of(row) * s.value_dim + a.first_value;
  });
#endif
}
