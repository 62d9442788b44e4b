// Decays of a chunk of 64 tokens, in the order in which they are taken.

// Logarithms of the decays' running product when a token reads and when it has added its own, and how many times the
// state has begun anew until then. A decay of 0 begins it anew too.
struct ChunkDecays {
  float read[64], added[64];
  int read_cuts[64], added_cuts[64];
};
// How much of what was there at (log, cuts) is left at (later, later_cuts).
__device__ inline float left_of(float log, int cuts, float later, int later_cuts) {
  return cuts == later_cuts ? fast_exp2(later - log) : 0.f;
}

// Two neighbouring tokens' decays, of a lane of a warp: on their way while something else is worked out.
struct PendingDecays {
  float factors[2];
  bool begins[2];

  // `i0`: number of the chunk's first token; `first` and `decay` of the sequence, the latter null or of tokens `stride`
  // apart.
  __device__ inline void load(const float *decay, int64 stride, const int *first, int64 length, bool reverse,
                              bool reads_last, int64 i0) {
    for (int k = 0; k < 2; k++) {
      const int64 number = i0 + 2 * (threadIdx.x % 32) + k;
      factors[k] = 1.f;
      begins[k] = false;
      if (number >= length) continue;
      const int64 token = token_of(length, reverse, number), from = decay_token(length, reverse, reads_last, token);
      begins[k] = begins_at(first, length, reverse, token);
      if (decay && from >= 0) factors[k] = decay[from * stride];
    }
  }
  // By a whole warp.
  __device__ inline void store(ChunkDecays &to, bool reads_last) const {
    const int l = threadIdx.x % 32;
    float log[2];
    int zeros[2], cuts[2];
    for (int k = 0; k < 2; k++) {
      log[k] = factors[k] > 0 ? log2f(factors[k]) : 0.f;
      zeros[k] = factors[k] > 0 ? 0 : 1;
      cuts[k] = zeros[k] + (begins[k] ? 1 : 0);
    }
    float sum = log[0] + log[1];
    int count = cuts[0] + cuts[1];
    for (int offset = 1; offset < 32; offset *= 2) {
      const float s = __shfl_up_sync(0xffffffffu, sum, offset);
      const int c = __shfl_up_sync(0xffffffffu, count, offset);
      if (l >= offset) {
        sum += s;
        count += c;
      }
    }
    for (int k = 1; k >= 0; k--) {
      to.added[2 * l + k] = sum;
      to.added_cuts[2 * l + k] = count;
      // Who reads the state as the token before left it does so before the decay, but after a new beginning.
      to.read[2 * l + k] = reads_last ? sum - log[k] : sum;
      to.read_cuts[2 * l + k] = reads_last ? count - zeros[k] : count;
      sum -= log[k];
      count -= cuts[k];
    }
  }
};
