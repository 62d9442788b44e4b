// Mamba's selective scan. A thread holds STATES states of one channel in registers, a warp those of 32 channels, the
// warps of a block all states. Chunks of tokens lie in shared memory. The backward pass begins each chunk with a state
// that a pass forwards has left and works out those between again; gradients of what all channels share are summed over
// 32 channels here and over these blocks, in order, by a second kernel.
#ifndef STATES
#define STATES 4
#endif

struct SelectiveArguments {
  int64 length, channels, states, chunk;
  const T *input, *key, *query;
  const float *step, *rate;
  const int *first;
  float *state;   // before and after; null: begins as zero
  T *out;         // null: not wanted
  float *starts;  // [sequences, chunks, states, channels]: before each chunk; null: not wanted
};
struct SelectiveBackwardArguments {
  int64 sequences, length, channels, states, chunk;
  const T *input, *key, *query;
  const float *step, *rate;
  const int *first;
  const float *starts;
  const T *out_gradient;
  T *input_gradient;
  float *step_gradient;
  float *shared_gradients;  // [channels / 32, tokens, 2, states]: of the keys, then of the queries
  float *rate_gradients;    // [sequences, channels, states]
};
struct SumSelectiveArguments {
  int64 sequences, tokens, channels, states, blocks;
  const float *shared_gradients, *rate_gradients;
  T *key_gradient, *query_gradient;
  float *rate_gradient;  // added to
};

constexpr float log2_e = 1.4426950408889634f;

// A block's 32 channels of a chunk's tokens to `to`, [count, 32] floats.
template <class E>
__device__ inline void stage_channels(float *to, const E *from, int64 row0, int count, int64 channels, int64 channel0) {
  for (int i = threadIdx.x; i < count * 32; i += blockDim.x) {
    const int64 channel = channel0 + i % 32;
    to[i] = channel < channels ? to_float(from[(row0 + i / 32) * channels + channel]) : 0.f;
  }
}
// What all channels share of a chunk's tokens, to rows of `stride` floats.
__device__ inline void stage_states(float *to, const T *from, int64 row0, int count, int64 states, int stride) {
  for (int i = threadIdx.x; i < count * stride; i += blockDim.x) {
    const int n = i % stride;
    to[i] = n < states ? to_float(from[(row0 + i / stride) * states + n]) : 0.f;
  }
}
// The rates of a thread's states as powers of two.
__device__ inline void load_rates(float (&rate)[STATES], const float *rates, int64 channel, int64 channels, int state0,
                                  int64 states) {
#pragma unroll
  for (int i = 0; i < STATES; i++)
    rate[i] = channel < channels && state0 + i < states ? rates[channel * states + state0 + i] * log2_e : 0.f;
}
// One token; what it reads.
__device__ inline float advance(float (&h)[STATES], const float (&rate)[STATES], bool begins, float step, float x,
                                const float *key, const float *query) {
  const float added = step * x;
  float y = 0;
#pragma unroll
  for (int i = 0; i < STATES; i++) {
    const float kept = begins ? 0.f : fast_exp2(step * rate[i]) * h[i];
    h[i] = kept + added * key[i];
    y += h[i] * query[i];
  }
  return y;
}

KERNEL_OF(512, selective_scan, SelectiveArguments) {
  DYNAMIC_SHARED(memory);
  const int warps = blockDim.x / 32, warp = threadIdx.x / 32, l = threadIdx.x % 32;
  const int chunk = (int)a.chunk, stride = warps * STATES, state0 = warp * STATES;
  const int64 channel0 = (int64)blockIdx.x * 32, channel = channel0 + l, sequence = blockIdx.y;
  const int64 chunks = (a.length + chunk - 1) / chunk;
  float *x = reinterpret_cast<float *>(memory), *step = x + chunk * 32, *key = step + chunk * 32;
  float *query = key + chunk * stride, *partial = query + chunk * stride;

  float rate[STATES], h[STATES];
  load_rates(rate, a.rate, channel, a.channels, state0, a.states);
  const bool exists = channel < a.channels;
  float *kept = a.state && exists ? a.state + (sequence * a.channels + channel) * a.states + state0 : nullptr;
#pragma unroll
  for (int i = 0; i < STATES; i++) h[i] = kept && state0 + i < a.states ? kept[i] : 0.f;

  for (int64 c = 0; c < chunks; c++) {
    const int64 t0 = c * chunk, row0 = sequence * a.length + t0;
    const int count = (int)(a.length - t0 < chunk ? a.length - t0 : chunk);
    float *starts = a.starts + ((sequence * chunks + c) * a.states + state0) * a.channels + channel;
#pragma unroll
    for (int i = 0; i < STATES; i++)
      if (a.starts && exists && state0 + i < a.states) starts[i * a.channels] = h[i];
    __syncthreads();
    stage_channels(x, a.input, row0, count, a.channels, channel0);
    stage_channels(step, a.step, row0, count, a.channels, channel0);
    stage_states(key, a.key, row0, count, a.states, stride);
    stage_states(query, a.query, row0, count, a.states, stride);
    __syncthreads();
    for (int t = 0; t < count; t++) {
      const bool begins = a.first && a.first[row0 + t] == t0 + t;
      const int i = t * 32 + l, n = t * stride + state0;
      partial[warp * chunk * 32 + i] = advance(h, rate, begins, step[i], x[i], key + n, query + n);
    }
    if (!a.out) continue;
    __syncthreads();
    for (int t = warp; t < count; t += warps) {
      float y = 0;
      for (int w = 0; w < warps; w++) y += partial[(w * chunk + t) * 32 + l];
      if (exists) a.out[(row0 + t) * a.channels + channel] = from_float<T>(y);
    }
  }
#pragma unroll
  for (int i = 0; i < STATES; i++)
    if (kept && state0 + i < a.states) kept[i] = h[i];
}

// Eight sums over a warp at once: lane i gets that of number i / 4.
__device__ inline float eight_sums(float (&v)[8]) {
  const int l = threadIdx.x % 32;
#pragma unroll
  for (int n = 4, offset = 16; n >= 1; n /= 2, offset /= 2) {
    const bool upper = (l & offset) != 0;
#pragma unroll
    for (int i = 0; i < n; i++) {
      const float sent = upper ? v[i] : v[i + n], held = upper ? v[i + n] : v[i];
      v[i] = held + __shfl_xor_sync(0xffffffffu, sent, offset);
    }
  }
  v[0] += __shfl_xor_sync(0xffffffffu, v[0], 2);
  return v[0] + __shfl_xor_sync(0xffffffffu, v[0], 1);
}

KERNEL_OF(512, selective_scan_backward, SelectiveBackwardArguments) {
  DYNAMIC_SHARED(memory);
  const int warps = blockDim.x / 32, warp = threadIdx.x / 32, l = threadIdx.x % 32;
  const int chunk = (int)a.chunk, stride = warps * STATES, state0 = warp * STATES;
  const int64 channel0 = (int64)blockIdx.x * 32, channel = channel0 + l, sequence = blockIdx.y;
  const int64 chunks = (a.length + chunk - 1) / chunk;
  float *x = reinterpret_cast<float *>(memory), *step = x + chunk * 32, *d_y = step + chunk * 32;
  float *key = d_y + chunk * 32, *query = key + chunk * stride, *of_shared = query + chunk * stride;
  float *of_added = of_shared + chunk * 2 * stride, *of_step = of_added + warps * chunk * 32;
  float *befores = of_step + warps * chunk * 32;  // [chunk, STATES, threads]

  float rate[STATES], gradient[STATES], of_rate[STATES];
  load_rates(rate, a.rate, channel, a.channels, state0, a.states);
#pragma unroll
  for (int i = 0; i < STATES; i++) gradient[i] = of_rate[i] = 0;

  for (int64 c = chunks - 1; c >= 0; c--) {
    const int64 t0 = c * chunk, row0 = sequence * a.length + t0;
    const int count = (int)(a.length - t0 < chunk ? a.length - t0 : chunk);
    __syncthreads();
    stage_channels(x, a.input, row0, count, a.channels, channel0);
    stage_channels(step, a.step, row0, count, a.channels, channel0);
    stage_channels(d_y, a.out_gradient, row0, count, a.channels, channel0);
    stage_states(key, a.key, row0, count, a.states, stride);
    stage_states(query, a.query, row0, count, a.states, stride);
    float h[STATES];
#pragma unroll
    for (int i = 0; i < STATES; i++)
      h[i] = channel < a.channels && state0 + i < a.states
                 ? a.starts[((sequence * chunks + c) * a.states + state0 + i) * a.channels + channel]
                 : 0.f;
    __syncthreads();
    for (int t = 0; t < count; t++) {
#pragma unroll
      for (int i = 0; i < STATES; i++) befores[(t * STATES + i) * blockDim.x + threadIdx.x] = h[i];
      const int i = t * 32 + l, n = t * stride + state0;
      advance(h, rate, a.first && a.first[row0 + t] == t0 + t, step[i], x[i], key + n, query + n);
    }
    for (int t = count - 1; t >= 0; t--) {
      const bool begins = a.first && a.first[row0 + t] == t0 + t;
      const float dt = step[t * 32 + l], added = dt * x[t * 32 + l], d = d_y[t * 32 + l];
      float d_added = 0, d_step = 0;
#pragma unroll
      for (int i = 0; i < STATES; i += 4) {
        float sums[8];
#pragma unroll
        for (int j = 0; j < 4; j++) {
          const int n = t * stride + state0 + i + j;
          const float before = befores[(t * STATES + i + j) * blockDim.x + threadIdx.x];
          const float e = gradient[i + j] + d * query[n];
          sums[j] = e * added;
          sums[4 + j] = d * h[i + j];
          d_added += e * key[n];
          const float back = begins ? 0.f : e * fast_exp2(dt * rate[i + j]), power = back * before;
          of_rate[i + j] += power * dt;
          d_step += power * rate[i + j];
          gradient[i + j] = back;
          h[i + j] = before;
        }
        const float sum = eight_sums(sums);
        if (l % 4 == 0) of_shared[(t * 2 + l / 16) * stride + state0 + i + l / 4 % 4] = sum;
      }
      of_added[(warp * chunk + t) * 32 + l] = d_added;
      of_step[(warp * chunk + t) * 32 + l] = d_step * (1.f / log2_e);
    }
    __syncthreads();
    for (int t = warp; t < count; t += warps) {
      float d_added = 0, d_step = 0;
      for (int w = 0; w < warps; w++) {
        d_added += of_added[(w * chunk + t) * 32 + l];
        d_step += of_step[(w * chunk + t) * 32 + l];
      }
      if (channel >= a.channels) continue;
      const int64 at = (row0 + t) * a.channels + channel;
      a.input_gradient[at] = from_float<T>(d_added * step[t * 32 + l]);
      a.step_gradient[at] = d_step + d_added * x[t * 32 + l];
    }
    float *to = a.shared_gradients + ((int64)blockIdx.x * a.sequences * a.length + row0) * 2 * a.states;
    for (int i = threadIdx.x; i < count * 2 * stride; i += blockDim.x) {
      const int n = i % stride;
      if (n < a.states) to[(int64)(i / stride) * a.states + n] = of_shared[i];
    }
  }
#pragma unroll
  for (int i = 0; i < STATES; i++)
    if (channel < a.channels && state0 + i < a.states)
      a.rate_gradients[(sequence * a.channels + channel) * a.states + state0 + i] = of_rate[i];
}

KERNEL(sum_selective_gradients, SumSelectiveArguments) {
  const int64 wide = 2 * a.states, all = a.tokens * wide, rates = a.channels * a.states;
  for (int64 i = global_thread(); i < all + rates; i += global_threads()) {
    float sum = 0;
    if (i >= all) {
      for (int64 s = 0; s < a.sequences; s++) sum += a.rate_gradients[s * rates + i - all];
      a.rate_gradient[i - all] += sum;
      continue;
    }
    for (int64 b = 0; b < a.blocks; b++) sum += a.shared_gradients[b * all + i];
    const int64 token = i / wide, n = i % wide;
    T *to = n < a.states ? a.key_gradient : a.query_gradient;
    to[token * a.states + n % a.states] = from_float<T>(sum);
  }
}
