// What the recurrences share: vectors of every token and head inside the rows of a tensor, and copies of those of a
// chunk of tokens in shared memory, as floats, in the order in which the tokens are taken.

// Element i of head h's vector at row t is data[t * stride + h / share * width + i] times factor.
struct HeadVectors {
  const void *data;
  int64 is_half, stride, share;
  float factor;
};
// Which tokens a chunk has: their rows, those of their decays (-1: none), and whether the state begins anew before
// them.
struct ChunkTokens {
  int64 rows[32], decays[32];
  int begins[32];
};

__device__ inline float element(const void *data, bool is_half, int64 i) {
  return is_half ? to_float(static_cast<const bf16 *>(data)[i]) : static_cast<const float *>(data)[i];
}
__device__ inline void set_element(void *data, bool is_half, int64 i, float x) {
  if (is_half) static_cast<bf16 *>(data)[i] = from_float<bf16>(x);
  else static_cast<float *>(data)[i] = x;
}
// Four neighbouring elements, where the address allows one access.
__device__ inline Vector<float> four_elements(const void *data, bool is_half, int64 i) {
  if (!is_half) return load_vector(static_cast<const float *>(data) + i);
  const uint64 bits = *reinterpret_cast<const uint64 *>(static_cast<const bf16 *>(data) + i);
  Vector<float> v;
  for (int k = 0; k < 4; k++) v.elements[k] = to_float(bf16{(uint16)(bits >> (16 * k))});
  return v;
}

// The token that comes as `i`th of a sequence; whether the state begins anew before it; the token whose decay comes
// before it is looked at, -1 where none does.
__device__ inline int64 token_of(int64 length, bool reverse, int64 i) { return reverse ? length - 1 - i : i; }
__device__ inline bool begins_at(const int *first, int64 length, bool reverse, int64 token) {
  if (!first) return false;
  return reverse ? token + 1 < length && first[token + 1] == token + 1 : first[token] == token;
}
__device__ inline int64 decay_token(int64 length, bool reverse, bool reads_last, int64 token) {
  if (!reverse || reads_last) return token;
  return token + 1 < length ? token + 1 : -1;
}
// By the first `count` threads.
__device__ inline void find_tokens(ChunkTokens &tokens, const int *first, int64 sequence, int64 length, bool reverse,
                                   bool reads_last, int64 i0, int count) {
  if ((int)threadIdx.x >= count) return;
  const int64 token = token_of(length, reverse, i0 + threadIdx.x);
  const int64 from = decay_token(length, reverse, reads_last, token);
  tokens.rows[threadIdx.x] = sequence * length + token;
  tokens.decays[threadIdx.x] = from < 0 ? -1 : sequence * length + from;
  tokens.begins[threadIdx.x] = begins_at(first ? first + sequence * length : nullptr, length, reverse, token);
}

// `width` elements from `column` on of head `head` of the tokens at `rows` (-1: zeros), to rows of `stride` floats, a
// multiple of four; zeros follow them. By all threads, each of which has four columns of some tokens.
__device__ inline void gather(const HeadVectors &v, const int64 *rows, int count, int64 head, int64 head_width,
                              int64 column, int64 width, float *to, int stride) {
  const bool is_half = v.is_half != 0;
  const int units = stride / 4, across = units < (int)blockDim.x ? units : (int)blockDim.x, step = blockDim.x / across;
  const int first = threadIdx.x / across;
  if (first >= step) return;
  for (int i = (threadIdx.x - first * across) * 4; i < stride; i += across * 4) {
    const int64 start = head / v.share * head_width + column + i;
    const bool aligned = ((v.stride | start) & 3) == 0 && (reinterpret_cast<uint64>(v.data) & (is_half ? 7 : 15)) == 0;
    if (aligned && i + 4 <= width) {
      for (int token = first; token < count; token += step) {
        Vector<float> x = {};
        if (rows[token] >= 0) x = four_elements(v.data, is_half, rows[token] * v.stride + start);
        for (int k = 0; k < 4; k++) x.elements[k] *= v.factor;
        store_vector(to + token * stride + i, x);
      }
      continue;
    }
    for (int token = first; token < count; token += step) {
      Vector<float> x = {};
      for (int k = 0; k < 4; k++)
        if (rows[token] >= 0 && i + k < width)
          x.elements[k] = element(v.data, is_half, rows[token] * v.stride + start + k) * v.factor;
      store_vector(to + token * stride + i, x);
    }
  }
}
