// Which keys a query sees and what is made of its products with them: the one place that reads the specification.
// Compiled with CAUSAL: a query sees no later key; RANGED: ranges are given; SPECIAL, with RANGED: keys may be kept,
// blocks chosen; SCORES: scores are more than products times a positive number.
#ifndef CAUSAL
#define CAUSAL 0
#endif
#ifndef RANGED
#define RANGED 0
#endif
#ifndef SPECIAL
#define SPECIAL 0
#endif
#ifndef SCORES
#define SCORES 0
#endif

// Keys `first` to `last`, and `document` to `kept_last`, the document's first ones, which nothing but causality hides.
struct alignas(16) KeyRange {
  int first, last, document, kept_last;
};

// What the kernels' arguments begin with. Tokens of all sequences lie one after another, strides in elements.
struct Attention {
  int64 query_length, key_length, heads, kv_heads, head_dim, value_dim;
  int64 query_stride, key_stride, value_stride, output_stride;
  float scale, soft_cap;        // soft_cap 0: none
  const float *slopes, *sinks;  // [heads] or NULL
  const KeyRange *ranges;       // [sequences, query_length] with RANGED
  const uint64 *blocks;         // [sequences, heads, query_length, block_words] or NULL
  int64 block, block_words;
};

#define LOG2_E 1.4426950408889634f
#define MINUS_INFINITY __int_as_float((int)0xff800000)

// Where query `query` stands among the keys.
__device__ inline int place_of(const Attention &s, int query) {
  return query + (int)(s.key_length - s.query_length);
}
__device__ inline KeyRange range_of(const Attention &s, int64 sequence, int query) {
#if RANGED
  return s.ranges[sequence * s.query_length + query];
#else
  const int last = (int)s.key_length - 1;
  return {0, CAUSAL ? min(place_of(s, query), last) : last, 0, -1};
#endif
}

// Bits low - key0 to high - key0 of 64.
__device__ inline uint64 span_bits(int low, int high, int key0) {
  low = low > key0 ? low - key0 : 0;
  high = high - key0 < 63 ? high - key0 : 63;
  return low > high ? 0 : (~(uint64)0 << low) & (~(uint64)0 >> (63 - high));
}

// A query of a head as one thread of a warp keeps it for the warp.
struct Seeing {
  KeyRange range;
  const uint64 *words;  // its chosen blocks, or NULL
  bool exists;
};
__device__ inline Seeing seeing(const Attention &s, int64 sequence, int head, int query, bool exists) {
  Seeing x = {{0, -1, 0, -1}, nullptr, exists};
  if (!exists) return x;
  x.range = range_of(s, sequence, query);
#if SPECIAL
  if (s.blocks) x.words = s.blocks + ((sequence * s.heads + head) * s.query_length + query) * s.block_words;
#endif
  return x;
}
// Which of the 64 keys from key0 on it sees.
__device__ inline uint64 seen_bits(const Attention &s, const Seeing &x, int key0) {
  uint64 bits = span_bits(x.range.first, x.range.last, key0);
#if SPECIAL
  if (x.words && bits) {
    int from = max(x.range.first, key0);
    const int to = min(x.range.last, key0 + 63);
    while (from <= to) {
      const int block = (from - x.range.document) / (int)s.block;
      const int end = x.range.document + (block + 1) * (int)s.block - 1;
      if (!(x.words[block / 64] >> (block % 64) & 1)) bits &= ~span_bits(from, end, key0);
      from = end + 1;
    }
  }
  bits |= span_bits(x.range.document, x.range.kept_last, key0);
#endif
  return bits;
}

// The tiles of `size` keys that a block of queries looks at: `next` from `first` on, up to `end`.
struct KeyTiles {
  int first, end;
#if SPECIAL
  int kept_end, range_first;  // of the tiles of kept keys, and of the others
#endif
};
// `x` is what each thread of the block stands for; keys from `key_first` up to `key_end` count. `shared` has five
// numbers.
__device__ inline KeyTiles key_tiles(const Attention &s, const Seeing &x, int last_query, int key_first, int key_end,
                                     int size, int *shared) {
#if RANGED
  if (threadIdx.x < 4) shared[threadIdx.x] = threadIdx.x % 2 == 0 ? 0x7fffffff : -1;
  __syncthreads();
  if (x.exists && x.range.first <= x.range.last) {
    atomicMin(&shared[0], x.range.first);
    atomicMax(&shared[1], x.range.last);
  }
  if (SPECIAL && x.exists && x.range.document <= x.range.kept_last) {
    atomicMin(&shared[2], x.range.document);
    atomicMax(&shared[3], x.range.kept_last);
  }
  __syncthreads();
  int low = shared[0], high = shared[1];
#else
  int low = 0, high = CAUSAL ? min(place_of(s, last_query), (int)s.key_length - 1) : (int)s.key_length - 1;
#endif
  KeyTiles tiles;
#if SPECIAL
  const int kept_low = max(shared[2], key_first), kept_high = min(shared[3], key_end - 1);
  low = max(low, key_first);
  high = min(high, key_end - 1);
  const bool none = low > high;
  tiles.range_first = none ? 0x7fffffff : low / size;
  tiles.end = none ? 0 : high / size + 1;
  tiles.first = tiles.range_first;
  tiles.kept_end = 0;
  if (kept_low <= kept_high) {
    tiles.first = min(tiles.first, kept_low / size);
    tiles.kept_end = kept_high / size + 1;
    tiles.end = max(tiles.end, tiles.kept_end);
  }
#else
  low = max(low, key_first);
  high = min(high, key_end - 1);
  tiles.first = low / size;
  tiles.end = low > high ? tiles.first : high / size + 1;
#endif
  return tiles;
}
// The first tile from `tile` on that a query of the block may see; all threads of the block call together.
__device__ inline int next_tile(const Attention &s, const Seeing &x, const KeyTiles &tiles, int tile, int size,
                                int *shared) {
#if SPECIAL
  for (;; tile++) {
    if (tile >= tiles.kept_end && tile < tiles.range_first) tile = tiles.range_first;
    if (tile >= tiles.end || !s.blocks) return tile;
    __syncthreads();
    shared[4] = 0;
    __syncthreads();
    const uint64 wanted = size < 64 ? ((uint64)1 << size) - 1 : ~(uint64)0;
    if (x.exists && (seen_bits(s, x, tile * size) & wanted)) shared[4] = 1;
    __syncthreads();
    if (shared[4]) return tile;
  }
#else
  return tile;
#endif
}

// The factor that makes products scores, as powers of two, and what `score` makes of a product before that; -infinity,
// of a key that is not seen, stays what it is.
__device__ inline float score_factor(const Attention &s) { return SCORES ? LOG2_E : s.scale * LOG2_E; }
__device__ inline float score(const Attention &s, float product, float slope, int place, int key, float &steepness) {
#if SCORES
  if (product == MINUS_INFINITY) return product;
  float x = product * s.scale;
  if (s.soft_cap > 0.f) {
    const float t = tanhf(x / s.soft_cap);
    x = t * s.soft_cap;
    steepness = 1.f - t * t;
  }
  return x - slope * fabsf((float)(place - key));
#else
  return product;
#endif
}
