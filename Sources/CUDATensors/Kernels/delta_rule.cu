// The gated delta rule, one token after another: what a token stores depends on what the state already answers to its
// key. GROUP threads of a warp hold a lane of the state together, ROWS rows each in registers, four neighbouring ones
// at a time in turn; a block has 32 lanes. Chunks of tokens lie in shared memory as floats. OF_ROWS: a decay for each
// row, else one a head.
#ifndef GROUP
#define GROUP 8
#define ROWS 16
#define OF_ROWS 0
#endif

struct DeltaArguments {
  int64 length, heads, rows, lanes, chunk, reverse;
  HeadVectors query, key, value;
  const float *beta;
  const float *decay;  // null: none
  const int *first;
  void *out;  // null where backwards
  int64 out_is_half, out_stride;
  float out_factor;
  float *stored;
  float *state;
};

__device__ inline float group_sum(float x) {
  for (int offset = GROUP / 2; offset > 0; offset >>= 1) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}

KERNEL_OF(32 * GROUP, delta_rule, DeltaArguments) {
  DYNAMIC_SHARED(memory);
  __shared__ ChunkTokens tokens;
  __shared__ float beta[32], of_head[32];
  constexpr int stride = GROUP * ROWS;
  const int chunk = (int)a.chunk, sub = threadIdx.x % GROUP, l = threadIdx.x / GROUP;
  const int64 head = blockIdx.x % a.heads, sequence = blockIdx.x / a.heads, lane0 = (int64)blockIdx.y * 32;
  const int wide = (int)(a.lanes - lane0 < 32 ? a.lanes - lane0 : 32);
  float *key = reinterpret_cast<float *>(memory), *query = key + chunk * stride, *value = query + chunk * stride;
  float *stored = value + chunk * 32, *out = stored + chunk * 32, *decay = out + chunk * 32;

  float *kept = a.state ? a.state + (sequence * a.heads + head) * a.rows * a.lanes + lane0 + l : nullptr;
  float s[ROWS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    const int row = (i / 4 * GROUP + sub) * 4 + i % 4;
    s[i] = kept && l < wide && row < a.rows ? kept[row * a.lanes] : 0.f;
  }
  for (int64 i0 = 0; i0 < a.length; i0 += chunk) {
    const int count = (int)(a.length - i0 < chunk ? a.length - i0 : chunk);
    __syncthreads();
    find_tokens(tokens, a.first, sequence, a.length, a.reverse, false, i0, count);
    __syncthreads();
    gather(a.key, tokens.rows, count, head, a.rows, 0, a.rows, key, stride);
    gather(a.query, tokens.rows, count, head, a.rows, 0, a.rows, query, stride);
    gather(a.value, tokens.rows, count, head, a.lanes, lane0, wide, value, 32);
    if ((int)threadIdx.x < count) {
      const int64 from = tokens.decays[threadIdx.x];
      beta[threadIdx.x] = a.beta[tokens.rows[threadIdx.x] * a.heads + head];
      of_head[threadIdx.x] = OF_ROWS || !a.decay || from < 0 ? 1.f : a.decay[from * a.heads + head];
    }
    const HeadVectors of_rows = {a.decay, 0, a.heads * a.rows, 1, 1.f};
    if (OF_ROWS) gather(of_rows, tokens.decays, count, head, a.rows, 0, a.rows, decay, stride);
    __syncthreads();

    for (int t = 0; t < count; t++) {
      const bool begins = tokens.begins[t];
      const float factor = of_head[t], v = value[t * 32 + l];
      float answers[4] = {0, 0, 0, 0}, outs[4] = {0, 0, 0, 0};
#pragma unroll
      for (int i = 0; i < ROWS; i += 4) {
        const int at = t * stride + (i / 4 * GROUP + sub) * 4;
        const Vector<float> k = load_vector(key + at), q = load_vector(query + at);
        Vector<float> factors = {{factor, factor, factor, factor}};
        if (OF_ROWS) factors = load_vector(decay + at);
#pragma unroll
        for (int j = 0; j < 4; j++) {
          s[i + j] = begins ? 0.f : s[i + j] * factors.elements[j];
          if (a.reverse) s[i + j] += v * q.elements[j];
          answers[j] += s[i + j] * k.elements[j];
        }
      }
      const float answer = group_sum((answers[0] + answers[1]) + (answers[2] + answers[3]));
      const float w = a.reverse ? answer : v - answer, added = (a.reverse ? -beta[t] : beta[t]) * w;
#pragma unroll
      for (int i = 0; i < ROWS; i += 4) {
        const int at = t * stride + (i / 4 * GROUP + sub) * 4;
        const Vector<float> k = load_vector(key + at), q = load_vector(query + at);
#pragma unroll
        for (int j = 0; j < 4; j++) {
          s[i + j] += added * k.elements[j];
          outs[j] += s[i + j] * q.elements[j];
        }
      }
      const float o = group_sum((outs[0] + outs[1]) + (outs[2] + outs[3]));
      if (sub == 0) {
        stored[t * 32 + l] = w;
        out[t * 32 + l] = o * a.out_factor;
      }
    }
    __syncthreads();

    for (int i = threadIdx.x; i < count * 32; i += blockDim.x) {
      const int t = i / 32, lane = i % 32;
      if (lane >= wide) continue;
      const int64 row = tokens.rows[t], column = head * a.lanes + lane0 + lane;
      a.stored[row * a.heads * a.lanes + column] = stored[i];
      if (a.out) set_element(a.out, a.out_is_half, row * a.out_stride + column, out[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    const int row = (i / 4 * GROUP + sub) * 4 + i % 4;
    if (kept && l < wide && row < a.rows) kept[row * a.lanes] = s[i];
  }
}
