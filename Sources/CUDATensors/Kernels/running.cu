// What tokens change one after another: a thread goes through a sequence, and loads run ahead of it.

// step(token, what load(token) gave) for each token in its order.
template <class Load, class Step> __device__ inline void for_tokens(int64 length, Load load, Step step) {
  constexpr int ahead = 16;
  decltype(load(int64(0))) now[ahead], next[ahead];
#pragma unroll
  for (int k = 0; k < ahead; k++)
    if (k < length) next[k] = load(k);
  for (int64 first = 0; first < length; first += ahead) {
#pragma unroll
    for (int k = 0; k < ahead; k++) {
      now[k] = next[k];
      const int64 later = first + ahead + k;
      if (later < length) next[k] = load(later);
    }
#pragma unroll
    for (int k = 0; k < ahead; k++)
      if (first + k < length) step(first + k, now[k]);
  }
}
// Whether a document begins with a token.
__device__ inline bool begins(const int *first_keys, int64 row, int64 token, bool is_continued) {
  return first_keys ? first_keys[row] == token : !is_continued && token == 0;
}

struct BoundedGates {
  const float *log_input, *log_forget;
  const int *first_keys;
  float *last, *bounds, *decay, *factor;
  int64 sequences, length, heads, is_continued;
};
// bound = max(log_forget + the bound before, log_input); decay = log_forget + the bound before - bound and
// factor = e^(log_input - bound). A thread has a sequence's head.
KERNEL(bounded_gates, BoundedGates) {
  int64 head;
  const int64 sequence = divide(global_thread(), a.heads, head);
  if (sequence >= a.sequences) return;
  struct Gates {
    float input, forget;
    bool begins;
  };
  const int64 start = sequence * a.length;
  float bound = a.last ? a.last[head] : 0.f;
  for_tokens(
      a.length,
      [&](int64 token) {
        const int64 row = start + token, i = row * a.heads + head;
        return Gates{a.log_input[i], a.log_forget[i], begins(a.first_keys, row, token, a.is_continued)};
      },
      [&](int64 token, const Gates &gates) {
        const int64 i = (start + token) * a.heads + head;
        const float carried = gates.forget + bound;
        bound = gates.begins || !(carried >= gates.input) ? gates.input : carried;
        a.bounds[i] = bound;
        a.decay[i] = gates.begins ? 0.f : carried - bound;
        a.factor[i] = expf(gates.input - bound);
      });
  if (a.last) a.last[head] = bound;
}

struct Rotations {
  const float *angles;
  const int *first_keys;
  float *last, *cosines, *sines;
  int64 sequences, length, width;
};
constexpr double turn = 6.283185307179586;
__device__ inline float within_turn(double angle) { return (float)(angle - turn * rint(angle / turn)); }
// Angles add up in double; a thread has one of a sequence's `width` sums.
KERNEL(rotations, Rotations) {
  int64 column;
  const int64 sequence = divide(global_thread(), a.width, column);
  if (sequence >= a.sequences) return;
  struct Angle {
    float angle;
    bool begins;
  };
  const int64 start = sequence * a.length;
  double sum = a.last ? a.last[column] : 0.f;
  for_tokens(
      a.length,
      [&](int64 token) {
        const int64 row = start + token;
        return Angle{a.angles[row * a.width + column], begins(a.first_keys, row, token, a.last != nullptr)};
      },
      [&](int64 token, const Angle &next) {
        const int64 i = (start + token) * a.width + column;
        sum = (next.begins ? 0. : sum) + next.angle;
        const float angle = within_turn(sum);
        a.cosines[i] = cosf(angle);
        a.sines[i] = sinf(angle);
      });
  if (a.last) a.last[column] = within_turn(sum);
}

struct RotationsBackward {
  const float *cosines, *sines;
  const int *first_keys;
  const T *cosine_gradient, *sine_gradient;
  float *gradient;
  int64 sequences, length, width, is_continued;
};
// From the last token to the first: sums to the end of each document.
KERNEL(rotations_backward, RotationsBackward) {
  int64 column;
  const int64 sequence = divide(global_thread(), a.width, column);
  if (sequence >= a.sequences) return;
  struct Slope {
    float slope;
    bool ends;
  };
  const int64 start = sequence * a.length;
  float sum = 0;
  for_tokens(
      a.length,
      [&](int64 step) {
        const int64 token = a.length - 1 - step, row = start + token, i = row * a.width + column;
        float slope = 0;
        if (a.sine_gradient) slope += to_float(a.sine_gradient[i]) * a.cosines[i];
        if (a.cosine_gradient) slope -= to_float(a.cosine_gradient[i]) * a.sines[i];
        return Slope{slope, step == 0 || begins(a.first_keys, row + 1, token + 1, a.is_continued)};
      },
      [&](int64 step, const Slope &next) {
        sum = (next.ends ? 0.f : sum) + next.slope;
        a.gradient[(start + a.length - 1 - step) * a.width + column] = sum;
      });
}
