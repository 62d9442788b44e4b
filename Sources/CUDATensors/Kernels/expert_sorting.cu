// Sorting choices by expert, in their order: blocks of `chunk` are counted, counts become places before each block, and
// each choice adds how many of its block went to the same expert before it. And what else goes over choices.
constexpr int chunk = 256;

struct SortChoices {
  const int *choices;
  int *counts;  // [experts, blocks], then what stands before each block's
  int *totals;  // [experts]
  int *offsets; // [experts + 1]
  int *places, *sources;
  int64 choices_count, per_token, experts, blocks;
};

// Every thread gets the sum of x over the threads before it; `total` is that of all.
__device__ inline int sum_before(int x, int *scratch, int &total) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  int sum = x;
  for (int offset = 1; offset < 32; offset <<= 1) {
    const int before = __shfl_up_sync(0xffffffffu, sum, offset);
    if (lane >= offset) sum += before;
  }
  __syncthreads();
  if (lane == 31) scratch[warp] = sum;
  __syncthreads();
  int before = 0;
  total = 0;
  for (int w = 0; w < warps; w++) {
    if (w < warp) before += scratch[w];
    total += scratch[w];
  }
  return before + sum - x;
}

__device__ inline void load_choices(int *to, const SortChoices &a) {
  const int64 i = (int64)blockIdx.x * chunk + threadIdx.x;
  to[threadIdx.x] = i < a.choices_count ? a.choices[i] : -1;
  __syncthreads();
}

KERNEL_OF(256, count_choices, SortChoices) {
  __shared__ int choices[chunk];
  load_choices(choices, a);
  for (int64 e = threadIdx.x; e < a.experts; e += chunk) {
    int count = 0;
    for (int i = 0; i < chunk; i++) count += choices[i] == e;
    a.counts[e * a.blocks + blockIdx.x] = count;
  }
}

// A block of threads takes an expert.
KERNEL_OF(256, place_blocks, SortChoices) {
  __shared__ int scratch[32];
  int *counts = a.counts + (int64)blockIdx.x * a.blocks, before = 0;
  for (int64 first = 0; first < a.blocks; first += chunk) {
    const int64 b = first + threadIdx.x;
    int total;
    const int place = sum_before(b < a.blocks ? counts[b] : 0, scratch, total);
    if (b < a.blocks) counts[b] = before + place;
    before += total;
  }
  if (threadIdx.x == 0) a.totals[blockIdx.x] = before;
}

// Dynamic shared memory: where each expert's rows begin.
KERNEL_OF(256, place_choices, SortChoices) {
  DYNAMIC_SHARED(memory);
  __shared__ int choices[chunk], scratch[32];
  int *offsets = (int *)memory, before = 0;
  for (int64 first = 0; first < a.experts; first += chunk) {
    const int64 e = first + threadIdx.x;
    int total;
    const int place = before + sum_before(e < a.experts ? a.totals[e] : 0, scratch, total);
    if (e < a.experts) offsets[e] = place;
    if (blockIdx.x == 0 && e < a.experts) a.offsets[e] = place;
    before += total;
  }
  if (blockIdx.x == 0 && threadIdx.x == 0) a.offsets[a.experts] = before;
  load_choices(choices, a);
  const int expert = choices[threadIdx.x];
  if (expert < 0) return;
  int rank = 0;
  for (int i = 0; i < (int)threadIdx.x; i++) rank += choices[i] == expert;
  const int64 choice = (int64)blockIdx.x * chunk + threadIdx.x;
  const int place = offsets[expert] + a.counts[(int64)expert * a.blocks + blockIdx.x] + rank;
  a.places[choice] = place;
  a.sources[place] = (int)(choice / a.per_token);
}

// Of each 256 tokens the sums [experts + 1] of each expert's share of a token's scores, and of log_sum_exp squared.
struct RouterSums {
  const float *scores, *log_sum_exp;
  float *sums;
  int64 tokens, experts;
};

KERNEL_OF(256, router_sums, RouterSums) {
  __shared__ float inverse[chunk];
  const int64 first = (int64)blockIdx.x * chunk, count = a.tokens - first < chunk ? a.tokens - first : chunk;
  const float *scores = a.scores + first * a.experts;
  for (int64 t = threadIdx.x >> 5; t < count; t += chunk / 32) {
    float all = 0.f;
    for (int64 e = threadIdx.x & 31; e < a.experts; e += 32) all += scores[t * a.experts + e];
    all = warp_sum(all);
    if ((threadIdx.x & 31) == 0) inverse[t] = all > 0 ? 1.f / all : 0.f;
  }
  __syncthreads();
  for (int64 e = threadIdx.x; e <= a.experts; e += chunk) {
    float sum = 0.f;
#pragma unroll 8
    for (int64 t = 0; t < count; t++) {
      const float x = e < a.experts ? scores[t * a.experts + e] * inverse[t] : a.log_sum_exp[first + t];
      sum += e < a.experts ? x : x * x;
    }
    a.sums[blockIdx.x * (a.experts + 1) + e] = sum;
  }
}

struct Moved {
  const float *x;
  const int *places;
  float *output;
  int64 count;
};

KERNEL(scatter, Moved) {
  for (int64 i = global_thread(); i < a.count; i += global_threads()) a.output[a.places[i]] = a.x[i];
}
KERNEL(gather, Moved) {
  for (int64 i = global_thread(); i < a.count; i += global_threads()) a.output[i] = a.x[a.places[i]];
}
