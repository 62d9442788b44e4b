// A causal convolution of each channel over TAPS tokens, and its activation. A thread has WIDTH neighbouring channels
// (1 where addresses or channels are not multiples of it) and goes through `run` tokens, the last TAPS of which it
// holds in registers.
#ifndef TAPS
#define TAPS 4
#endif
#ifndef WIDTH
#define WIDTH 4
#endif

struct ConvolutionArguments {
  int64 sequences, length, channels, run, has_silu;
  const T *input;
  const float *weight, *bias;  // [channels, TAPS]; [channels] or null
  const int *first;
  T *history;
  T *out;
};
struct ConvolutionBackwardArguments {
  int64 sequences, length, channels, run, has_silu;
  const T *input;
  const float *weight, *bias;
  const int *first;
  const T *out_gradient;
  T *input_gradient;
  float *partial;  // [runs, (TAPS + 1) * channels]: of the weights, then of the biases
};

template <int W> __device__ inline void load_channels(float (&to)[W], const T *from) {
  const Run<T, W> v = load<W>(from);
  for (int i = 0; i < W; i++) to[i] = to_float(v.at[i]);
}
template <int W> __device__ inline void store_channels(T *to, const float (&from)[W]) {
  Run<T, W> v;
  for (int i = 0; i < W; i++) v.at[i] = from_float<T>(from[i]);
  store(to, v);
}
// 1 / (1 + e^-x), of the magnitude, so that nothing overflows. What is rounded to bf16 needs no finer functions.
__device__ inline float sigmoid(float x) {
  const float e = sizeof(T) == 2 ? __expf(-fabsf(x)) : expf(-fabsf(x)), above = x < 0 ? e : 1.f;
  return sizeof(T) == 2 ? __fdividef(above, 1.f + e) : above / (1.f + e);
}

// What both directions hold of a thread's channels: weights, bias, and the rows of the last TAPS tokens, oldest first.
template <int W> struct Taps {
  float weight[TAPS][W], bias[W], rows[TAPS][W];

  __device__ inline void begin(const float *weights, const float *biases, int64 channel) {
#pragma unroll
    for (int i = 0; i < W; i++) {
      bias[i] = biases ? biases[channel + i] : 0.f;
#pragma unroll
      for (int k = 0; k < TAPS; k++) {
        weight[k][i] = weights[(channel + i) * TAPS + k];
        rows[k][i] = 0;
      }
    }
  }
  // Makes room for the next token's row.
  __device__ inline void advance() {
#pragma unroll
    for (int k = 0; k + 1 < TAPS; k++)
#pragma unroll
      for (int i = 0; i < W; i++) rows[k][i] = rows[k + 1][i];
  }
  // Whether row k of those that end with `token` counts: it is of the token's document, or of the history.
  static __device__ inline bool counts(int k, int64 token, int64 begin, bool has_history) {
    const int64 from = token - TAPS + 1 + k;
    return from >= begin || (from < 0 && has_history);
  }
  __device__ inline void convolve(float (&sum)[W], int64 token, int64 begin, bool has_history) const {
#pragma unroll
    for (int i = 0; i < W; i++) sum[i] = bias[i];
#pragma unroll
    for (int k = 0; k < TAPS; k++) {
      if (!counts(k, token, begin, has_history)) continue;
#pragma unroll
      for (int i = 0; i < W; i++) sum[i] += rows[k][i] * weight[k][i];
    }
  }
};

// The row of `token` (below 0: of the history) of the input, if there is one.
template <int W> __device__ inline void tap_row(float (&to)[W], const T *input, const T *history, int64 channels,
                                                int64 sequence, int64 length, int64 token, int64 channel) {
  if (token >= 0) load_channels<W>(to, input + (sequence * length + token) * channels + channel);
  else if (history && token + TAPS - 1 >= 0) load_channels<W>(to, history + (token + TAPS - 1) * channels + channel);
  else
#pragma unroll
    for (int i = 0; i < W; i++) to[i] = 0;
}

// Which channels and which tokens of which sequence a thread has.
template <int W, class Arguments> struct Share {
  int64 channel, number, sequence, begin, end;
  bool exists;
  __device__ inline Share(const Arguments &a) {
    const int64 runs = (a.length + a.run - 1) / a.run;
    channel = ((int64)blockIdx.y * blockDim.x + threadIdx.x) * W;
    number = blockIdx.x;
    sequence = number / runs;
    begin = number % runs * a.run;
    end = begin + a.run < a.length ? begin + a.run : a.length;
    exists = channel < a.channels;
  }
};

// The history's rows become those before the next token.
template <int W> __device__ inline void keep_history(const ConvolutionArguments &a, int64 channel) {
  const int64 kept = TAPS - 1;
  for (int64 i = 0; i < kept; i++) {
    const int64 from = a.length - kept + i;
    float row[W];
    load_channels<W>(row, (from < 0 ? a.history + kept * a.channels : a.input) + from * a.channels + channel);
    store_channels<W>(a.history + i * a.channels + channel, row);
  }
}

template <int W> __device__ inline void convolve_run(const ConvolutionArguments &a) {
  const Share<W, ConvolutionArguments> s(a);
  if (!s.exists) return;
  Taps<W> taps;
  taps.begin(a.weight, a.bias, s.channel);
#pragma unroll
  for (int k = 1; k < TAPS; k++)
    tap_row<W>(taps.rows[k], a.input, a.history, a.channels, s.sequence, a.length, s.begin - TAPS + k, s.channel);
#pragma unroll 4
  for (int64 t = s.begin; t < s.end; t++) {
    const int64 row = s.sequence * a.length + t;
    taps.advance();
    load_channels<W>(taps.rows[TAPS - 1], a.input + row * a.channels + s.channel);
    float sum[W];
    taps.convolve(sum, t, a.first ? a.first[row] : 0, a.history != nullptr);
    if (a.has_silu) {
#pragma unroll
      for (int i = 0; i < W; i++) sum[i] *= sigmoid(sum[i]);
    }
    store_channels<W>(a.out + row * a.channels + s.channel, sum);
  }
  // Else another thread may still read it.
  if (a.history && a.run >= a.length) keep_history<W>(a, s.channel);
}

template <int W> __device__ inline void convolve_run_backward(const ConvolutionBackwardArguments &a) {
  const Share<W, ConvolutionBackwardArguments> s(a);
  if (!s.exists) return;
  Taps<W> taps;
  taps.begin(a.weight, a.bias, s.channel);
#pragma unroll
  for (int k = 1; k < TAPS; k++)
    tap_row<W>(taps.rows[k], a.input, nullptr, a.channels, s.sequence, a.length, s.begin - TAPS + k, s.channel);
  // Gradients of the inputs of the last TAPS tokens, which later ones still add to, oldest first.
  float open[TAPS][W], of_weight[TAPS][W], of_bias[W];
#pragma unroll
  for (int i = 0; i < W; i++) {
    of_bias[i] = 0;
#pragma unroll
    for (int k = 0; k < TAPS; k++) open[k][i] = of_weight[k][i] = 0;
  }
  for (int64 t = s.begin; t < s.end + TAPS - 1; t++) {
    const int64 row = s.sequence * a.length + t;
    taps.advance();
#pragma unroll
    for (int i = 0; i < W; i++) {
#pragma unroll
      for (int k = 0; k + 1 < TAPS; k++) open[k][i] = open[k + 1][i];
      open[TAPS - 1][i] = 0;
    }
    if (t < a.length) {
      const int64 begin = a.first ? a.first[row] : 0;
      load_channels<W>(taps.rows[TAPS - 1], a.input + row * a.channels + s.channel);
      float slope[W];
      load_channels<W>(slope, a.out_gradient + row * a.channels + s.channel);
      if (a.has_silu) {
        float sum[W];
        taps.convolve(sum, t, begin, false);
#pragma unroll
        for (int i = 0; i < W; i++) {
          const float g = sigmoid(sum[i]);
          slope[i] *= g * (1.f + sum[i] * (1.f - g));
        }
      }
#pragma unroll
      for (int i = 0; i < W; i++)
        if (t < s.end) of_bias[i] += slope[i];
#pragma unroll
      for (int k = 0; k < TAPS; k++) {
        if (!Taps<W>::counts(k, t, begin, false)) continue;
#pragma unroll
        for (int i = 0; i < W; i++) {
          if (t < s.end) of_weight[k][i] += slope[i] * taps.rows[k][i];
          open[k][i] += slope[i] * taps.weight[k][i];
        }
      }
    }
    const int64 done = t - TAPS + 1;
    if (done >= s.begin)
      store_channels<W>(a.input_gradient + (s.sequence * a.length + done) * a.channels + s.channel, open[0]);
  }
  float *to = a.partial + s.number * (TAPS + 1) * a.channels;
#pragma unroll
  for (int i = 0; i < W; i++) {
#pragma unroll
    for (int k = 0; k < TAPS; k++) to[(s.channel + i) * TAPS + k] = of_weight[k][i];
    to[a.channels * TAPS + s.channel + i] = of_bias[i];
  }
}

KERNEL_OF(128, convolution, ConvolutionArguments) { convolve_run<WIDTH>(a); }
KERNEL_OF(128, convolution_backward, ConvolutionBackwardArguments) { convolve_run_backward<WIDTH>(a); }
KERNEL_OF(128, convolution_history, ConvolutionArguments) {
  const int64 channel = global_thread() * WIDTH;
  if (channel < a.channels) keep_history<WIDTH>(a, channel);
}
