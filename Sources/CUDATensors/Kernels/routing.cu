// Choosing experts. A warp takes a token, each lane every 32nd expert; which is chosen where scores are equal is
// settled by their numbers.

struct Router {
  const float *logits, *choice_bias;
  float *scores, *log_sum_exp;
  int *chosen;
  float *weights;
  int64 tokens, experts, count, groups, chosen_groups, is_sigmoid, normalizes;
  float scale;
};

#define INFINITE __int_as_float(0x7f800000)
constexpr uint32 taken = 0, no_number = 1;

// A number whose order among others is that of x: numbers that are none come last, but before what is taken.
__device__ inline uint32 ordered(float x) {
  if (x != x) return no_number;
  const uint32 u = __float_as_uint(x == 0 ? 0.f : x);
  return u & 0x80000000u ? ~u : u | 0x80000000u;
}
__device__ inline float number(uint32 key) {
  return __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

// Takes the largest of the warp's keys, the first of equal ones; each lane reads and writes keys lane, lane + 32, ….
__device__ inline int take_largest(uint32 *keys, int64 count, int lane) {
  uint32 best = taken;
  int index = 0x7fffffff;
  for (int64 e = lane; e < count; e += 32)
    if (keys[e] > best) {
      best = keys[e];
      index = (int)e;
    }
  for (int offset = 16; offset > 0; offset >>= 1) {
    const uint32 other = __shfl_xor_sync(0xffffffffu, best, offset);
    const int other_index = __shfl_xor_sync(0xffffffffu, index, offset);
    if (other > best || (other == best && other_index < index)) {
      best = other;
      index = other_index;
    }
  }
  if ((index & 31) == lane && index < count) keys[index] = taken;
  return index;
}

// Leaves only experts of the best groups: the others' keys become that of -infinity.
__device__ inline void keep_groups(const Router &a, uint32 *keys, uint32 *group_keys, int lane) {
  const int64 width = a.experts / a.groups;
  __syncwarp();
  for (int64 g = lane; g < a.groups; g += 32) {
    float first = -INFINITE, second = -INFINITE;
    for (int64 e = g * width; e < (g + 1) * width; e++) {
      const float x = keys[e] == no_number ? -INFINITE : number(keys[e]);
      if (x > first) {
        second = first;
        first = x;
      } else if (x > second) {
        second = x;
      }
    }
    group_keys[g] = ordered(a.is_sigmoid && width > 1 ? first + second : first);
  }
  __syncwarp();
  for (int64 i = 0; i < a.chosen_groups; i++) take_largest(group_keys, a.groups, lane);
  __syncwarp();
  for (int64 e = lane; e < a.experts; e += 32)
    if (group_keys[e / width] != taken) keys[e] = ordered(-INFINITE);
  __syncwarp();
}

// Dynamic shared memory: of each warp two times `experts` keys, then as many scores.
KERNEL(route, Router) {
  DYNAMIC_SHARED(memory);
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  uint32 *keys = (uint32 *)memory + warp * 3 * a.experts, *group_keys = keys + a.experts;
  float *scores = (float *)(group_keys + a.experts);
  for (int64 t = (int64)blockIdx.x * warps + warp; t < a.tokens; t += (int64)gridDim.x * warps) {
    const float *logits = a.logits + t * a.experts;
    float largest = -INFINITE, sum = 0.f;
    for (int64 e = lane; e < a.experts; e += 32) largest = fmaxf(largest, logits[e]);
    largest = warp_max(largest);
    for (int64 e = lane; e < a.experts; e += 32) sum += scores[e] = expf(logits[e] - largest);
    sum = warp_sum(sum);
    const float inverse = 1.f / sum;
    for (int64 e = lane; e < a.experts; e += 32) {
      const float score = a.is_sigmoid ? 1.f / (1.f + expf(-logits[e])) : scores[e] * inverse;
      a.scores[t * a.experts + e] = scores[e] = score;
      keys[e] = ordered(score + (a.choice_bias ? a.choice_bias[e] : 0.f));
    }
    if (lane == 0) a.log_sum_exp[t] = largest + logf(sum);
    if (a.groups > 1) keep_groups(a, keys, group_keys, lane);
    __syncwarp();
    int *chosen = a.chosen + t * a.count;
    float *weights = a.weights + t * a.count, total = 0.f;
    for (int64 i = 0; i < a.count; i++) {
      const int expert = take_largest(keys, a.experts, lane);
      const float score = scores[expert];
      total += score;
      if ((i & 31) != lane) continue;
      chosen[i] = expert;
      weights[i] = score;
    }
    const float scale = a.normalizes ? a.scale / (total + 1e-20f) : a.scale;
    for (int64 i = lane; i < a.count; i += 32) weights[i] *= scale;
    __syncwarp();
  }
}

struct RouterGradient {
  const float *logits, *scores, *log_sum_exp;
  const int *chosen;
  const float *weights_gradient, *share_gradient;
  float *logits_gradient;
  int64 tokens, experts, count, is_sigmoid, normalizes;
  float scale, z_scale;
};

// The gradient of the scores stands in that of the logits until it is turned into it.
KERNEL(route_gradient, RouterGradient) {
  const int lane = threadIdx.x & 31;
  for (int64 t = global_thread() / 32; t < a.tokens; t += global_threads() / 32) {
    const float *scores = a.scores + t * a.experts, *given = a.weights_gradient + t * a.count;
    const int *chosen = a.chosen + t * a.count;
    float *d = a.logits_gradient + t * a.experts, sum = 0.f, mean = 0.f, all = 0.f, average = 0.f, through = 0.f;
    for (int64 i = lane; i < a.count; i += 32) {
      sum += scores[chosen[i]];
      mean += given[i] * scores[chosen[i]];
    }
    sum = warp_sum(sum) + 1e-20f;
    mean = warp_sum(mean);
    for (int64 e = lane; e < a.experts; e += 32) {
      d[e] = 0.f;
      all += scores[e];
      if (a.share_gradient) average += scores[e] * a.share_gradient[e];
    }
    all = warp_sum(all);
    average = warp_sum(average);
    __syncwarp();
    for (int64 i = lane; i < a.count; i += 32)
      d[chosen[i]] = a.normalizes ? a.scale / sum * (given[i] - mean / sum) : a.scale * given[i];
    __syncwarp();
    for (int64 e = lane; e < a.experts; e += 32) {
      // Shares of a softmax are the scores themselves; what is constant over the experts drops out below.
      if (a.share_gradient) d[e] += a.is_sigmoid ? (a.share_gradient[e] - average / all) / all : a.share_gradient[e];
      through += d[e] * scores[e];
    }
    through = warp_sum(through);
    for (int64 e = lane; e < a.experts; e += 32) {
      float x = scores[e] * (a.is_sigmoid ? d[e] * (1.f - scores[e]) : d[e] - through);
      const float log_sum_exp = a.log_sum_exp[t];
      if (a.z_scale != 0) x += a.z_scale * log_sum_exp * expf(a.logits[t * a.experts + e] - log_sum_exp);
      d[e] = x;
    }
  }
}
