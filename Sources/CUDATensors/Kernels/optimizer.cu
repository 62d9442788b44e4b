// Update rules: single passes over float32 buffers of equal length. WIDTH: elements of an access, 1 where addresses
// are not multiples of 16 bytes.
#ifndef WIDTH
#define WIDTH 4
#endif

template <int N> using Floats = Run<float, N>;
#define EACH_RUN for_elements<WIDTH>(a.count, [&](auto size, int64 i) { constexpr int n = decltype(size)::value;
#define END_RUN });

struct AdamW {
  float *weight;
  const float *gradient;
  float *m, *v;
  int64 count;
  float beta1, beta2, epsilon, keep, rate, root, gradient_scale;
};
// keep = 1 - learning rate * decay, rate = learning rate / correction1, root = 1 / sqrt(correction2).
KERNEL(adamw, AdamW) {
  EACH_RUN
    const Floats<n> g = load<n>(a.gradient + i);
    Floats<n> m = load<n>(a.m + i), v = load<n>(a.v + i), w = load<n>(a.weight + i);
    for (int k = 0; k < n; k++) {
      const float gradient = g.at[k] * a.gradient_scale;
      m.at[k] += (gradient - m.at[k]) * (1 - a.beta1);
      v.at[k] = v.at[k] * a.beta2 + gradient * gradient * (1 - a.beta2);
      w.at[k] = w.at[k] * a.keep - a.rate * m.at[k] / (sqrtf(v.at[k]) * a.root + a.epsilon);
    }
    store(a.m + i, m);
    store(a.v + i, v);
    store(a.weight + i, w);
  END_RUN
}

struct Lion {
  float *weight;
  const float *gradient;
  float *m;
  int64 count;
  float learning_rate, beta1, beta2, keep, gradient_scale;
};
KERNEL(lion, Lion) {
  EACH_RUN
    const Floats<n> g = load<n>(a.gradient + i);
    Floats<n> m = load<n>(a.m + i), w = load<n>(a.weight + i);
    for (int k = 0; k < n; k++) {
      const float gradient = g.at[k] * a.gradient_scale;
      const float c = m.at[k] * a.beta1 + gradient * (1 - a.beta1);
      w.at[k] = w.at[k] * a.keep - (c > 0 ? a.learning_rate : c < 0 ? -a.learning_rate : 0.f);
      m.at[k] = m.at[k] * a.beta2 + gradient * (1 - a.beta2);
    }
    store(a.m + i, m);
    store(a.weight + i, w);
  END_RUN
}

struct AdEMAMix {
  float *weight;
  const float *gradient;
  float *fast, *slow, *v;
  int64 count;
  float learning_rate, beta1, beta2, slow_rate, alpha, epsilon, keep, whole, root, gradient_scale;
};
// whole = 1 / correction1; the others as in AdamW.
KERNEL(ademamix, AdEMAMix) {
  EACH_RUN
    const Floats<n> g = load<n>(a.gradient + i);
    Floats<n> fast = load<n>(a.fast + i), slow = load<n>(a.slow + i), v = load<n>(a.v + i), w = load<n>(a.weight + i);
    for (int k = 0; k < n; k++) {
      const float gradient = g.at[k] * a.gradient_scale;
      fast.at[k] += (gradient - fast.at[k]) * (1 - a.beta1);
      slow.at[k] += (gradient - slow.at[k]) * a.slow_rate;
      v.at[k] = v.at[k] * a.beta2 + gradient * gradient * (1 - a.beta2);
      w.at[k] = w.at[k] * a.keep - a.learning_rate * (fast.at[k] * a.whole + slow.at[k] * a.alpha) /
                                       (sqrtf(v.at[k]) * a.root + a.epsilon);
    }
    store(a.fast + i, fast);
    store(a.slow + i, slow);
    store(a.v + i, v);
    store(a.weight + i, w);
  END_RUN
}

struct Momentum {
  const float *gradient;
  float *momentum, *update;
  int64 count, nesterov;
  float decay, gradient_scale;
};
KERNEL(momentum, Momentum) {
  EACH_RUN
    const Floats<n> g = load<n>(a.gradient + i);
    Floats<n> m = load<n>(a.momentum + i), update;
    for (int k = 0; k < n; k++) {
      const float fresh = g.at[k] * a.gradient_scale * (1 - a.decay);
      m.at[k] = m.at[k] * a.decay + fresh;
      update.at[k] = a.nesterov ? m.at[k] * a.decay + fresh : m.at[k];
    }
    store(a.momentum + i, m);
    store(a.update + i, update);
  END_RUN
}

struct Combination {
  const float *x, *y;
  float *out;
  int64 count;
  float x_factor, y_factor;
};
// out may be x or y.
KERNEL(combine, Combination) {
  EACH_RUN
    const Floats<n> x = load<n>(a.x + i);
    Floats<n> y = {}, sum;
    if (a.y) y = load<n>(a.y + i);
    for (int k = 0; k < n; k++) sum.at[k] = a.y ? x.at[k] * a.x_factor + y.at[k] * a.y_factor : x.at[k] * a.x_factor;
    store(a.out + i, sum);
  END_RUN
}

struct Precondition {
  const float *gradient, *first;
  float *v, *out;
  int64 count;
  float beta2, whole, root, epsilon;
};
KERNEL(precondition, Precondition) {
  EACH_RUN
    const Floats<n> g = load<n>(a.gradient + i), first = load<n>(a.first + i);
    Floats<n> v = load<n>(a.v + i), step;
    for (int k = 0; k < n; k++) {
      v.at[k] = v.at[k] * a.beta2 + g.at[k] * g.at[k] * (1 - a.beta2);
      step.at[k] = first.at[k] * a.whole / (sqrtf(v.at[k]) * a.root + a.epsilon);
    }
    store(a.v + i, v);
    store(a.out + i, step);
  END_RUN
}
