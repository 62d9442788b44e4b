// What attention does query by query of a head: sums that the backward pass needs, and joining of parts.

struct StatisticsArguments {
  const T *output, *output_gradient;  // [sequences, query_length, heads, value_dim], rows output_stride apart
  const float *log_sum_exp;           // [sequences, heads, query_length]
  int64 sequences, query_length, heads, value_dim, output_stride, statistics_stride;
  float *statistics;  // [sequences, heads, statistics_stride, 2]
};

// Of each query and head the log-sum-exp as a power of 2, 0 where nothing was seen, and the sum of outputs times their
// gradients, which is what the softmax's normalisation takes away; zeros up to the stride. Eight threads take a head.
KERNEL_OF(256, attention_statistics, StatisticsArguments) {
  const int64 item = global_thread() / 8;
  const int part = threadIdx.x % 8;
  const int64 head = item % a.heads, query = item / a.heads % a.statistics_stride;
  const int64 sequence = item / a.heads / a.statistics_stride;
  const bool exists = sequence < a.sequences && query < a.query_length;
  float sum = 0.f;
  if (exists) {
    const int64 at = (sequence * a.query_length + query) * a.output_stride + head * a.value_dim;
    const T *x = a.output + at, *y = a.output_gradient + at;
#if VECTORS
    for (int64 d = part * Vector<T>::count; d < a.value_dim; d += 8 * Vector<T>::count) {
      const Vector<T> left = load_vector(x + d), right = load_vector(y + d);
#pragma unroll
      for (int e = 0; e < Vector<T>::count; e++) sum += to_float(left.elements[e]) * to_float(right.elements[e]);
    }
#else
    for (int64 d = part; d < a.value_dim; d += 8) sum += to_float(x[d]) * to_float(y[d]);
#endif
  }
  for (int offset = 4; offset > 0; offset >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (part != 0 || sequence >= a.sequences) return;
  float *to = a.statistics + 2 * ((sequence * a.heads + head) * a.statistics_stride + query);
  const float log_sum = exists ? a.log_sum_exp[(sequence * a.heads + head) * a.query_length + query] : 0.f;
  to[0] = log_sum == MINUS_INFINITY ? 0.f : log_sum * LOG2_E;
  to[1] = sum;
}

struct SinkArguments {
  const float *sinks, *statistics;
  int64 sequences, heads, statistics_stride;
  float *sink_gradient;  // [heads], added to
};

// A sink takes from what a query gives as much as its probability says. A block is a head.
KERNEL_OF(256, attention_sink_gradient, SinkArguments) {
  __shared__ float scratch[32];
  const int64 head = blockIdx.x;
  const float sink = a.sinks[head] * LOG2_E;
  float sum = 0.f;
  for (int64 at = threadIdx.x; at < a.sequences * a.statistics_stride; at += 256) {
    const int64 sequence = at / a.statistics_stride, query = at % a.statistics_stride;
    const float *from = a.statistics + 2 * ((sequence * a.heads + head) * a.statistics_stride + query);
    if (from[1] != 0.f) sum -= exp2f(sink - from[0]) * from[1];
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) a.sink_gradient[head] += sum;
}

struct JoinArguments {
  const float *parts, *part_sums;  // as attention_forward leaves them
  int64 part_count, sequences, query_length, heads, value_dim, output_stride;
  int64 first_value, value_end;  // of a value the columns that are joined
  const float *sinks;            // [heads] or NULL
  T *output;
  float *log_sum_exp;
};

// Joins what blocks found of some of the keys each. A warp takes a query of a head.
KERNEL_OF(128, attention_join, JoinArguments) {
  const int lane = threadIdx.x & 31;
  const int64 items = a.sequences * a.heads * a.query_length, item = global_thread() / 32;
  if (item >= items) return;
  const int64 query = item % a.query_length, head = item / a.query_length % a.heads;
  const int64 sequence = item / a.query_length / a.heads;
  float base = MINUS_INFINITY;
  for (int64 p = lane; p < a.part_count; p += 32) base = fmaxf(base, a.part_sums[2 * (p * items + item)]);
  base = warp_max(base);
  if (a.sinks) base = fmaxf(base, a.sinks[head] * LOG2_E);
  const float against = base == MINUS_INFINITY ? 0.f : base;
  float total = 0.f;
  for (int64 p = lane; p < a.part_count; p += 32) {
    const float *from = a.part_sums + 2 * (p * items + item);
    total += fast_exp2(from[0] - against) * from[1];
  }
  total = warp_sum(total);
  if (a.sinks) total += fast_exp2(a.sinks[head] * LOG2_E - against);
  // A NaN shows in what its row gives.
  const float share = total > 0.f ? 1.f / total : total == total ? 0.f : total;
  T *to = a.output + (sequence * a.query_length + query) * a.output_stride + head * a.value_dim;
  for (int64 d = a.first_value + lane; d < a.value_end; d += 32) {
    float sum = 0.f;
    for (int64 p = 0; p < a.part_count; p++)
      sum += fast_exp2(a.part_sums[2 * (p * items + item)] - against) * a.parts[(p * items + item) * a.value_dim + d];
    to[d] = from_float<T>(sum * share);
  }
  if (lane == 0)
    a.log_sum_exp[item] = total > 0.f ? base / LOG2_E + logf(total) : total == total ? MINUS_INFINITY : total;
}

struct MergeArguments {
  const T *const *outputs;            // of each part
  const float *const *log_sum_exps;
  int64 part_count, sequences, query_length, heads, value_dim, output_stride;
  T *output;
  float *log_sum_exp;
};

__device__ inline float share_of(float log_sum, float top) {
  return log_sum == MINUS_INFINITY ? 0.f : expf(log_sum - top);
}

// Joins attention over parts of the keys, each a softmax of its own. A warp takes a query of a head.
KERNEL_OF(128, attention_merge, MergeArguments) {
  const int lane = threadIdx.x & 31;
  const int64 item = global_thread() / 32;
  if (item >= a.sequences * a.heads * a.query_length) return;
  const int64 head = item % a.heads, row = item / a.heads;
  const int64 at = (row / a.query_length * a.heads + head) * a.query_length + row % a.query_length;
  float top = MINUS_INFINITY, total = 0.f;
  for (int64 p = 0; p < a.part_count; p++) top = fmaxf(top, a.log_sum_exps[p][at]);
  // Of a part without keys nothing comes; a NaN stays one.
  for (int64 p = 0; p < a.part_count; p++) total += share_of(a.log_sum_exps[p][at], top);
  const int64 column = row * a.output_stride + head * a.value_dim;
  for (int64 d = lane; d < a.value_dim; d += 32) {
    float sum = 0.f;
    for (int64 p = 0; p < a.part_count && total != 0.f; p++)
      sum += to_float(a.outputs[p][column + d]) * (share_of(a.log_sum_exps[p][at], top) / total);
    a.output[column + d] = from_float<T>(sum);
  }
  if (lane == 0) a.log_sum_exp[at] = total == 0.f ? MINUS_INFINITY : top + logf(total);
}
