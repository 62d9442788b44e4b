// Products of up to ROWS rows with the transpose of weights, where reading the weights is all the work; one of them, or
// a list, as experts have. A block takes `outputs` outputs and the whole depth, which its threads share out; a row's
// sums do not depend on the others.

constexpr int outputs = 4, sums_count = outputs * ROWS;

// output [rows, outputs] = x [rows, inputs] times the transpose of the weights [outputs, inputs].
struct Rows {
  const T *x;
  const unsigned char *weights;
  void *output;
  int64 rows;
};

// `list` may be null: `one` is all. Rows of weights are `weight_bytes` apart.
struct FewRows {
  Rows one;
  const Rows *list;
  int64 inputs, outputs, weight_bytes, output_stride, is_float;
};

// Adds up `count` numbers of each lane over the warp: halves of the lanes take halves of the numbers as long as there
// is more than one. Number i of the sums ends in the lanes i * 32 / count and the following ones.
template <int count, int offset> struct Gather {
  __device__ static float sum(const float *x, int lane) {
    float kept[count / 2];
    const bool upper = (lane & offset) != 0;
#pragma unroll
    for (int i = 0; i < count / 2; i++) {
      const float sent = upper ? x[i] : x[i + count / 2], own = upper ? x[i + count / 2] : x[i];
      kept[i] = own + __shfl_xor_sync(0xffffffffu, sent, offset);
    }
    return Gather<count / 2, offset / 2>::sum(kept, lane);
  }
};
template <int offset> struct Gather<1, offset> {
  __device__ static float sum(const float *x, int lane) {
    const float both[1] = {x[0] + __shfl_xor_sync(0xffffffffu, x[0], offset)};
    return Gather<1, offset / 2>::sum(both, lane);
  }
};
template <> struct Gather<1, 0> {
  __device__ static float sum(const float *x, int) { return x[0]; }
};

// Adds up the threads' sums [outputs][ROWS] and stores them.
__device__ inline void finish(const FewRows &a, const Rows &item, const float *sums, int64 output0) {
  __shared__ float parts[8][sums_count];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const float sum = Gather<sums_count, 16>::sum(sums, lane);
  if (lane % (32 / sums_count) == 0) parts[warp][lane * sums_count / 32] = sum;
  __syncthreads();
  if (threadIdx.x >= sums_count) return;
  float total = 0.f;
  for (int w = 0; w < warps; w++) total += parts[w][threadIdx.x];
  const int64 output = output0 + threadIdx.x / ROWS, row = threadIdx.x % ROWS, at = row * a.output_stride + output;
  if (row >= item.rows || output >= a.outputs) return;
  if (a.is_float) ((float *)item.output)[at] = total;
  else ((bf16 *)item.output)[at] = from_float<bf16>(total);
}

// Rows and outputs past the last are computed from the last and not stored.
__device__ inline int64 at_most(int64 i, int64 count) { return i < count ? i : count - 1; }

// 16 bytes of the card's memory that nothing writes meanwhile: of what a list's addresses point to, the compiler knows
// neither.
template <class E> __device__ inline Vector<E> read_vector(const E *p) {
  const uint4 words = __ldg(reinterpret_cast<const uint4 *>(p));
  return reinterpret_cast<const Vector<E> &>(words);
}

// `count` elements of x.
template <int count> __device__ inline void load_inputs(float (&to)[count], const T *x) {
  constexpr int width = Vector<T>::count;
#pragma unroll
  for (int i = 0; i < count / width; i++) {
    const Vector<T> v = read_vector(x + i * width);
#pragma unroll
    for (int e = 0; e < width; e++) to[i * width + e] = to_float(v.elements[e]);
  }
}

KERNEL_OF(256, few_rows, FewRows) {
  const Rows item = a.list ? a.list[blockIdx.y] : a.one;
  const int64 output0 = (int64)blockIdx.x * outputs;
  float sums[sums_count];
#pragma unroll
  for (int i = 0; i < sums_count; i++) sums[i] = 0.f;
  const T *weights[outputs];
#pragma unroll
  for (int o = 0; o < outputs; o++)
    weights[o] = (const T *)(item.weights + at_most(output0 + o, a.outputs) * a.weight_bytes);
  constexpr int width = Vector<T>::count;
  if (is_aligned(item.x) && is_aligned(item.weights) && a.weight_bytes % 16 == 0 && a.inputs % width == 0) {
#pragma unroll(ROWS < 8 ? 2 : 1)
    for (int64 k = (int64)threadIdx.x * width; k < a.inputs; k += (int64)blockDim.x * width) {
      Vector<T> w[outputs];
#pragma unroll
      for (int o = 0; o < outputs; o++) w[o] = read_vector(weights[o] + k);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        float x[width];
        load_inputs(x, item.x + at_most(r, item.rows) * a.inputs + k);
#pragma unroll
        for (int o = 0; o < outputs; o++)
#pragma unroll
          for (int e = 0; e < width; e++)
            sums[o * ROWS + r] = fmaf(x[e], to_float(w[o].elements[e]), sums[o * ROWS + r]);
      }
    }
  } else {
    for (int64 k = threadIdx.x; k < a.inputs; k += blockDim.x)
#pragma unroll
      for (int i = 0; i < sums_count; i++)
        sums[i] = fmaf(
            to_float(item.x[at_most(i % ROWS, item.rows) * a.inputs + k]), to_float(weights[i / ROWS][k]), sums[i]);
  }
  finish(a, item, sums, output0);
}

// Number i of the sixteen bytes: 128 more than it is in the last bits of 2^23, from which that is taken.
__device__ inline float whole(const Vector<uint32> &bytes, int i) {
  const uint32 bits = __byte_perm(bytes.elements[i / 4] ^ 0x80808080u, 0x4b000000u, 0x7540u | i % 4);
  return __uint_as_float(bits) - 8388736.f;
}

// The same with weights in blocks of eight bits, as q8.cu packs them.
KERNEL_OF(256, few_rows_q8, FewRows) {
  const Rows item = a.list ? a.list[blockIdx.y] : a.one;
  const int64 output0 = (int64)blockIdx.x * outputs;
  float sums[sums_count];
#pragma unroll
  for (int i = 0; i < sums_count; i++) sums[i] = 0.f;
  const unsigned char *weights[outputs];
#pragma unroll
  for (int o = 0; o < outputs; o++) weights[o] = item.weights + at_most(output0 + o, a.outputs) * a.weight_bytes;
  for (int64 k = (int64)threadIdx.x * 16; k < a.inputs; k += (int64)blockDim.x * 16) {
    Vector<uint32> w[outputs];
    float scales[outputs];
#pragma unroll
    for (int o = 0; o < outputs; o++) {
      w[o] = read_vector((const uint32 *)(weights[o] + k));
      // A half's bits thirteen places up are a float 2^112 times too small.
      const uint32 half = ((const uint16 *)(weights[o] + a.inputs))[k / 32];
      scales[o] = __uint_as_float(half << 13) * 0x1p112f;
    }
    // Half of the sixteen and one row at a time, so that many rows do not fill the registers.
#pragma unroll
    for (int half = 0; half < 2; half++)
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        float x[8];
        load_inputs(x, item.x + at_most(r, item.rows) * a.inputs + k + half * 8);
#pragma unroll
        for (int o = 0; o < outputs; o++) {
          float sum = 0.f;
#pragma unroll
          for (int e = 0; e < 8; e++) sum = fmaf(x[e], whole(w[o], half * 8 + e), sum);
          sums[o * ROWS + r] = fmaf(sum, scales[o], sums[o * ROWS + r]);
        }
      }
  }
  finish(a, item, sums, output0);
}
