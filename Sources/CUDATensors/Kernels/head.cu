// The output head: softmax over the vocabulary in blocks of BLOCK_COLUMNS, each with its largest logit as a reference
// of its own, so that nothing is written twice; the blocks are brought together at the end.
// SOFT_CAP: whether logits have one.
#ifndef BLOCK_COLUMNS
#define BLOCK_COLUMNS 8192
#endif
#ifndef SOFT_CAP
#define SOFT_CAP 0
#endif

constexpr int threads = 256, piece = 8, pieces = BLOCK_COLUMNS / (threads * piece);
#define INFINITE __int_as_float(0x7f800000)

// Eight elements at once where `aligned`, else those of the first `count`.
template <class E> __device__ inline void load_piece(float (&to)[piece], const E *from, int64 count, bool aligned) {
  if (aligned && count >= piece) {
    constexpr int width = Vector<E>::count;
#pragma unroll
    for (int part = 0; part < piece / width; part++) {
      const Vector<E> v = load_vector(from + part * width);
#pragma unroll
      for (int e = 0; e < width; e++) to[part * width + e] = to_float(v.elements[e]);
    }
    return;
  }
#pragma unroll
  for (int e = 0; e < piece; e++) to[e] = e < count ? to_float(from[e]) : 0.f;
}
template <class E> __device__ inline void store_piece(E *to, const float (&from)[piece], int64 count, bool aligned) {
  if (aligned && count >= piece) {
    constexpr int width = Vector<E>::count;
#pragma unroll
    for (int part = 0; part < piece / width; part++) {
      Vector<E> v;
#pragma unroll
      for (int e = 0; e < width; e++) v.elements[e] = from_float<E>(from[part * width + e]);
      store_vector(to + part * width, v);
    }
    return;
  }
#pragma unroll
  for (int e = 0; e < piece; e++)
    if (e < count) to[e] = from_float<E>(from[e]);
}
// Where this thread's piece of a block begins; threads take pieces in turn.
__device__ inline int64 piece_start(int i) { return ((int64)i * threads + threadIdx.x) * piece; }

// Logits float32 [rows, stride] of one block, whose first column of the vocabulary is `column0`. All per-row arrays
// begin at the first of these rows; `exponentials`, whose rows are `exponentials_stride` apart, may be null.
struct HeadBlock {
  const float *logits;
  const int *targets;
  T *exponentials;
  float *largest, *sums, *weighted, *target_logits;
  int64 stride, columns, column0, exponentials_stride;
  float soft_cap;
};

__device__ inline float capped(float x, float cap) { return SOFT_CAP ? cap * tanhf(x / cap) : x; }

KERNEL_OF(256, head_block, HeadBlock) {
  __shared__ float scratch[32];
  const int64 row = blockIdx.x, target = (int64)a.targets[row] - a.column0;
  const float *logits = a.logits + row * a.stride;
  T *out = a.exponentials ? a.exponentials + row * a.exponentials_stride + a.column0 : nullptr;
  const bool aligned = is_aligned(logits), out_aligned = is_aligned(out);
  float x[pieces][piece], top = -INFINITE;
#pragma unroll
  for (int i = 0; i < pieces; i++) load_piece(x[i], logits + piece_start(i), a.columns - piece_start(i), aligned);
#pragma unroll
  for (int i = 0; i < pieces; i++)
#pragma unroll
    for (int e = 0; e < piece; e++) {
      x[i][e] = piece_start(i) + e < a.columns ? capped(x[i][e], a.soft_cap) : -INFINITE;
      top = fmaxf(top, x[i][e]);
    }
  top = block_max(top, scratch);
  float sum = 0.f, weighted = 0.f;
#pragma unroll
  for (int i = 0; i < pieces; i++) {
#pragma unroll
    for (int e = 0; e < piece; e++) {
      const float below = x[i][e] - top, power = expf(below);
      sum += power;
      // 0 times -infinity is no number; what is below the exponential's range counts for nothing.
      weighted += below < -100.f ? 0.f : power * below;
      x[i][e] = power;
    }
    if (out) store_piece(out + piece_start(i), x[i], a.columns - piece_start(i), out_aligned);
  }
  sum = block_sum(sum, scratch);
  if (a.weighted) weighted = block_sum(weighted, scratch);
  if (threadIdx.x != 0) return;
  a.largest[row] = top;
  a.sums[row] = sum;
  if (a.weighted) a.weighted[row] = weighted;
  if (target >= 0 && target < a.columns) a.target_logits[row] = capped(logits[target], a.soft_cap);
}

// Brings `blocks` blocks together: largest, sums and weighted are [blocks, rows].
struct HeadResults {
  const int *targets;
  const float *largest, *sums, *weighted, *target_logits;
  float *log_sum_exp, *log_probabilities, *entropy;
  int64 rows, blocks;
};

KERNEL(head_results, HeadResults) {
  for (int64 row = global_thread(); row < a.rows; row += global_threads()) {
    float top = -INFINITE, total = 0.f, weighted = 0.f;
    for (int64 b = 0; b < a.blocks; b++) top = fmaxf(top, a.largest[b * a.rows + row]);
    for (int64 b = 0; b < a.blocks; b++) {
      const int64 at = b * a.rows + row;
      const float below = a.largest[at] - top, scale = expf(below), sum = a.sums[at] * scale;
      total += sum;
      if (a.entropy) weighted += a.weighted[at] * scale + (below < -100.f ? 0.f : sum * below);
    }
    const float log_total = logf(total), log_sum_exp = top + log_total;
    a.log_sum_exp[row] = log_sum_exp;
    a.log_probabilities[row] = a.targets[row] < 0 ? 0.f : a.target_logits[row] - log_sum_exp;
    // Relative to the largest logit, so that their common level costs no digits.
    if (a.entropy) a.entropy[row] = log_total - weighted / total;
  }
}

struct HeadGradient {
  T *exponentials;
  const float *largest;
  const int *targets;
  const float *log_sum_exp, *log_probabilities, *log_probability_gradient, *log_sum_exp_gradient;
  int64 rows, vocabulary, exponentials_stride;
  float soft_cap;
};

// A block of threads takes a row's block of the vocabulary.
KERNEL_OF(256, head_gradient, HeadGradient) {
  const int64 row = blockIdx.x, column0 = (int64)blockIdx.y * BLOCK_COLUMNS;
  const int64 columns = a.vocabulary - column0 < BLOCK_COLUMNS ? a.vocabulary - column0 : BLOCK_COLUMNS;
  T *values = a.exponentials + row * a.exponentials_stride + column0;
  const bool aligned = is_aligned(values);
  float x[pieces][piece];
#pragma unroll
  for (int i = 0; i < pieces; i++) load_piece(x[i], values + piece_start(i), columns - piece_start(i), aligned);
  const int target = a.targets[row];
  const float target_gradient = target < 0 ? 0.f : a.log_probability_gradient[row];
  const float scale = (a.log_sum_exp_gradient ? a.log_sum_exp_gradient[row] : 0.f) - target_gradient;
  const float log_sum_exp = a.log_sum_exp[row], log_probability = a.log_probabilities[row];
  const float largest = a.largest[(int64)blockIdx.y * a.rows + row], factor = expf(largest - log_sum_exp) * scale;
#pragma unroll
  for (int i = 0; i < pieces; i++) {
#pragma unroll
    for (int e = 0; e < piece; e++) {
      const bool is_target = target >= 0 && column0 + piece_start(i) + e == target;
      const float power = x[i][e];
      // The target's difference to 1 must not suffer from a rounded exponential.
      float d = is_target ? expf(log_probability) * scale + target_gradient : power * factor;
      if (SOFT_CAP) {
        const float logit = (is_target ? log_probability + log_sum_exp : logf(power) + largest) / a.soft_cap;
        d = is_target || power > 0 ? d * (1.f - logit * logit) : 0.f;
      }
      x[i][e] = d;
    }
    store_piece(values + piece_start(i), x[i], columns - piece_start(i), aligned);
  }
}

// Gradients of the mean over all tokens of weight * (z_loss * log_sum_exp^2 - log-probability), `total` being the sum
// of all weights.
struct CrossEntropy {
  const float *log_sum_exp, *weights;
  float *by_log_probability, *by_log_sum_exp;
  int64 rows;
  float total, z_loss;
};

KERNEL(cross_entropy_gradient, CrossEntropy) {
  for (int64 row = global_thread(); row < a.rows; row += global_threads()) {
    const float weight = a.weights[row] / a.total;
    a.by_log_probability[row] = -weight;
    a.by_log_sum_exp[row] = 2.f * a.z_loss * a.log_sum_exp[row] * weight;
  }
}
