// The recurrence of linear attention with at most one decay a head, in chunks of 64 tokens on tensor cores: within a
// chunk two products, P = (read row^T) and P lane, and between chunks the state, which adds read S and takes row^T
// lane. Operands are rounded to bf16, sums are float. How much is left of a token, or of the state, where another reads
// is e to a difference of logarithms of running products of decays, at most 0, and nothing where a document or a decay
// of 0 lies between: strong decays need no care.
//
// Four warps have 16 tokens of the chunk each and a quarter of the state's ROWS rows, of LANES lanes. A sequence may go
// in several segments of chunks: a first pass works out what each of them adds to the state. ORDER is when a token
// reads (0: after its decay and own product, 1: after its decay, 2: before). STAGES: 2 fetches a chunk's operands while
// the one before it is worked on.
struct ChunkedScan {
  int64 length, heads, rows, lanes, reverse, chunks;  // chunks: of a segment
  HeadVectors read, row, lane;                        // their factors are in out_factor and state_factor
  const float *decay;                                 // null: none
  const int *first;
  void *out;
  int64 out_is_half, out_stride, accumulates;
  float out_factor, state_factor;
  float *state;
  float *starts;   // [segments, sequences * heads, rows, lanes]: the state before each segment, / state_factor
  float *carries;  // [segments, sequences * heads]: what is left of the state before a segment after it
  float *products;
  HeadVectors reference;
  int64 product_width, products_of_lanes;
};
struct JoinSegments {
  int64 segments, states, size;  // size: of a state
  float *starts;
  const float *carries;
};

// Where this block works: which tokens, and which lanes of which state.
struct Place {
  int64 number, head, sequence, lane0;
  int wide;
  const int *first;
  bool reverse;
  __device__ inline Place(const ChunkedScan &a) {
    number = blockIdx.x;
    head = number % a.heads;
    sequence = number / a.heads;
    lane0 = (int64)blockIdx.y * LANES;
    wide = a.lanes - lane0 < LANES ? (int)(a.lanes - lane0) : LANES;
    first = a.first ? a.first + sequence * a.length : nullptr;
    reverse = a.reverse != 0;
  }
};
// `width` columns of a chunk's tokens, from `start` on, to rows of `pitch` elements; each thread has eight columns of
// some tokens. i0: number of the first token.
template <int columns, int pitch>
__device__ inline void stage_rows(const HeadVectors &v, int64 start, int64 width, const ChunkedScan &a, const Place &p,
                                  int64 i0, bf16 *to) {
  constexpr int units = columns / 8, step = 128 / units, rounds = (chunk_tokens + step - 1) / step;
  const int first = threadIdx.x / units, c = threadIdx.x % units * 8;
  const int64 left = a.length - i0 - first;
  const int count = first >= step || c >= width ? 0 : left < chunk_tokens ? (int)left : chunk_tokens;
  const int64 row = p.sequence * a.length + token_of(a.length, p.reverse, i0 + first);
  const int64 at = row * v.stride + start + c, apart = (p.reverse ? -step : step) * v.stride;
  bf16 *place = to + first * pitch + c;
  if (first >= step) return;
  if (v.is_half) {
    const bf16 *from = static_cast<const bf16 *>(v.data) + at;
#pragma unroll
    for (int k = 0; k < rounds; k++, from += apart)
      if (chunk_tokens % step == 0 || first + k * step < chunk_tokens)
        copy_async(place + k * step * pitch, from, k * step < count);
    return;
  }
  const float *from = static_cast<const float *>(v.data) + at;
#pragma unroll 1
  for (int k = 0; k < rounds; k++, from += apart) {
    if (chunk_tokens % step != 0 && first + k * step >= chunk_tokens) break;
    Vector<float> low = {}, high = {};
    if (k * step < count) {
      low = load_vector(from);
      high = load_vector(from + 4);
    }
    const float *x = low.elements, *y = high.elements;
    const Vector<uint32> rounded = {
        {round_to_pair(x[0], x[1]), round_to_pair(x[2], x[3]), round_to_pair(y[0], y[1]), round_to_pair(y[2], y[3])}};
    store_vector(reinterpret_cast<uint32 *>(place + k * step * pitch), rounded);
  }
}

// Two neighbouring elements.
struct alignas(8) Pair {
  float low, high;
};
__device__ inline Pair pair_of(uint32 bits) {
  return {__uint_as_float(bits << 16), __uint_as_float(bits & 0xffff0000u)};
}

// The warp's results. i0: number of the chunk's first token. Lanes come in whole tiles of eight.
__device__ inline void write_results(const ChunkedScan &a, const Place &p, const Fragment &f, int64 i0,
                                     const float (&out)[lane_tiles][4]) {
#pragma unroll
  for (int k = 0; k < 2; k++) {
    const int64 number = i0 + f.warp * 16 + f.g + k * 8;
    if (number >= a.length) continue;
    const int64 row = p.sequence * a.length + token_of(a.length, p.reverse, number);
    const int64 at = row * a.out_stride + p.head * a.lanes + p.lane0 + 2 * f.i;
    bf16 *halves = static_cast<bf16 *>(a.out) + at;
    float *floats = static_cast<float *>(a.out) + at;
#pragma unroll
    for (int n = 0; n < lane_tiles; n++) {
      if (n * 8 >= p.wide) continue;
      Pair v = {out[n][2 * k] * a.out_factor, out[n][2 * k + 1] * a.out_factor};
      if (a.out_is_half) {
        *reinterpret_cast<uint32 *>(halves + n * 8) = round_to_pair(v.low, v.high);
        continue;
      }
      Pair *to = reinterpret_cast<Pair *>(floats + n * 8);
      if (a.accumulates) v = {v.low + to->low, v.high + to->high};
      *to = v;
    }
  }
}
// Adds the products of results and reference, lane by lane or summed over blocks of 32.
__device__ inline void add_products(const ChunkedScan &a, const Place &p, const Fragment &f, int64 i0,
                                    const float (&out)[lane_tiles][4]) {
  const HeadVectors &r = a.reference;
#pragma unroll
  for (int k = 0; k < 2; k++) {
    const int64 number = i0 + f.warp * 16 + f.g + k * 8;
    const bool exists = number < a.length;
    const int64 token = exists ? token_of(a.length, p.reverse, number) : 0, row = p.sequence * a.length + token;
    // Read before its own decay, a token's result belongs to the decay of the one before.
    const int64 back = ORDER == 2 && !p.reverse ? 1 : 0;
    const bool noted = exists && !(back && (token == 0 || begins_at(p.first, a.length, false, token)));
    const int64 at = row * r.stride + p.head / r.share * a.lanes + p.lane0 + 2 * f.i;
    const bf16 *halves = static_cast<const bf16 *>(r.data) + at;
    const float *floats = static_cast<const float *>(r.data) + at;
    float *to = a.products + ((row - back) * a.heads + p.head) * a.product_width;
#pragma unroll
    for (int block = 0; block < lane_tiles; block += 4) {
      float sum = 0;
#pragma unroll
      for (int n = block; n < block + 4; n++) {
        if (n * 8 >= p.wide || !noted) continue;
        const Pair by = r.is_half ? pair_of(*reinterpret_cast<const uint32 *>(halves + n * 8))
                                  : *reinterpret_cast<const Pair *>(floats + n * 8);
        const float low = out[n][2 * k] * r.factor * by.low, high = out[n][2 * k + 1] * r.factor * by.high;
        sum += low + high;
        if (!a.products_of_lanes) continue;
        to[p.lane0 + n * 8 + 2 * f.i] += low;
        to[p.lane0 + n * 8 + 2 * f.i + 1] += high;
      }
      if (a.products_of_lanes) continue;
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
      if (noted && f.i == 0 && block * 8 < p.wide) to[p.lane0 / 32 + block / 4] += sum;
    }
  }
}

// visit(element, place in the states, whether it exists) for this thread's part of the state.
template <class Visit>
__device__ inline void each_element(float (&s)[row_tiles][lane_tiles][4], const ChunkedScan &a, const Place &p,
                                    const Fragment &f, int64 state, Visit visit) {
#pragma unroll
  for (int m = 0; m < row_tiles; m++)
#pragma unroll
    for (int n = 0; n < lane_tiles; n++)
#pragma unroll
      for (int k = 0; k < 4; k++) {
        const int row = (f.warp * row_tiles + m) * 16 + f.g + k / 2 * 8, lane = n * 8 + 2 * f.i + k % 2;
        visit(s[m][n][k], (state * a.rows + row) * a.lanes + p.lane0 + lane, row < a.rows && lane < p.wide);
      }
}

template <bool reads> __device__ inline void scan_segment(const ChunkedScan &a) {
  DYNAMIC_SHARED(memory);
  __shared__ ChunkDecays decays[2];
  constexpr int operand_size = chunk_tokens * (row_pitch * (reads ? 2 : 1) + lane_pitch);
  const Place p(a);
  const Fragment f;
  const int64 segment = blockIdx.z, states = gridDim.x, all = (a.length + chunk_tokens - 1) / chunk_tokens;
  const int64 first_chunk = segment * a.chunks, end_chunk = first_chunk + a.chunks < all ? first_chunk + a.chunks : all;
  bf16 *kept = reinterpret_cast<bf16 *>(memory);  // the state rounded, [ROWS, lane_pitch], where it is read

  auto operands = [&](int64 chunk) {
    bf16 *row = kept + (reads ? ROWS * lane_pitch : 0) + (STAGES == 2 ? (chunk & 1) * operand_size : 0);
    bf16 *lane = row + chunk_tokens * row_pitch;
    return Operands{lane + chunk_tokens * lane_pitch, row, lane};
  };
  const int64 read_start = p.head / a.read.share * a.rows, row_start = p.head / a.row.share * a.rows;
  const int64 lane_start = p.head / a.lane.share * a.lanes + p.lane0;
  auto stage = [&](int64 chunk) {
    const Operands to = operands(chunk);
    const int64 i0 = chunk * chunk_tokens;
    if (reads) stage_rows<ROWS, row_pitch>(a.read, read_start, a.rows, a, p, i0, to.read);
    stage_rows<ROWS, row_pitch>(a.row, row_start, a.rows, a, p, i0, to.row);
    stage_rows<LANES, lane_pitch>(a.lane, lane_start, p.wide, a, p, i0, to.lane);
    copies_commit();
  };
  PendingDecays pending;
  auto load_decays = [&](int64 chunk) {
    const float *decay = a.decay ? a.decay + p.sequence * a.length * a.heads + p.head : nullptr;
    pending.load(decay, a.heads, p.first, a.length, p.reverse, ORDER == 2, chunk * chunk_tokens);
  };
  auto store_decays = [&](int64 chunk) {
    if (f.warp == 0) pending.store(decays[chunk & 1], ORDER == 2);
  };

  float s[row_tiles][lane_tiles][4];
  auto keep_rounded = [&]() {
#pragma unroll
    for (int m = 0; reads && m < row_tiles; m++)
#pragma unroll
      for (int n = 0; n < lane_tiles; n++)
#pragma unroll
        for (int k = 0; k < 2; k++) {
          const int row = (f.warp * row_tiles + m) * 16 + f.g + k * 8;
          *reinterpret_cast<uint32 *>(kept + row * lane_pitch + n * 8 + 2 * f.i) =
              round_to_pair(s[m][n][2 * k], s[m][n][2 * k + 1]);
        }
  };
  // The first segment's beginning is kept, as the state is overwritten while others may still begin with it.
  const bool from_state = a.state && segment == 0 && (!reads || gridDim.z == 1);
  const bool from_starts = reads && gridDim.z > 1 && (a.state || segment > 0);
  each_element(s, a, p, f, p.number, [&](float &x, int64 at, bool exists) {
    x = 0;
    if (!exists) return;
    if (from_state) x = a.state[at] / a.state_factor;
    if (from_starts) x = a.starts[segment * states * a.rows * a.lanes + at];
    if (from_state && !reads) a.starts[at] = x;
  });
  keep_rounded();
  stage(first_chunk);
  load_decays(first_chunk);
  store_decays(first_chunk);

  float carry = 1.f;
  for (int64 chunk = first_chunk; chunk < end_chunk; chunk++) {
    copies_wait<0>();
    __syncthreads();
    const bool goes_on = chunk + 1 < end_chunk;
    if (STAGES == 2 && goes_on) stage(chunk + 1);
    if (goes_on) load_decays(chunk + 1);
    float out[lane_tiles][4];
    uint32 left[4][4];
    if (reads) read_chunk(operands(chunk), kept, decays[chunk & 1], f, out, left);
    carry *= take_chunk<reads>(operands(chunk), decays[chunk & 1], f, s, out, left);
    if (reads) write_results(a, p, f, chunk * chunk_tokens, out);
    if (reads && a.products) add_products(a, p, f, chunk * chunk_tokens, out);
    if (goes_on) store_decays(chunk + 1);
    __syncthreads();
    if (STAGES == 1 && goes_on) stage(chunk + 1);
    keep_rounded();
  }

  if (!reads) {
    each_element(s, a, p, f, (segment + 1) * states + p.number, [&](float &x, int64 at, bool exists) {
      if (exists) a.starts[at] = x;
    });
    if (blockIdx.y == 0 && threadIdx.x == 0) a.carries[segment * states + p.number] = carry;
  } else if (a.state && end_chunk == all) {
    each_element(s, a, p, f, p.number, [&](float &x, int64 at, bool exists) {
      if (exists) a.state[at] = x * a.state_factor;
    });
  }
}

KERNEL_OF(128, scan_chunks, ChunkedScan) { scan_segment<true>(a); }
// What each segment but the last leaves: the first one's state after it, what the others add to it.
KERNEL_OF(128, scan_chunk_states, ChunkedScan) { scan_segment<false>(a); }
// Turns what segments add into states before each of them.
KERNEL_OF(256, join_segments, JoinSegments) {
  const int64 count = a.states * a.size;
  for (int64 i = global_thread(); i < count; i += global_threads()) {
    float x = a.starts[count + i];
    for (int64 segment = 2; segment < a.segments; segment++) {
      float *at = a.starts + segment * count + i;
      x = a.carries[(segment - 1) * a.states + i / a.size] * x + *at;
      *at = x;
    }
  }
}
