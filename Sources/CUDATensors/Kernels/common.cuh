// What every kernel begins with. NVRTC compiles it for a card; with APUS_EMULATED, a C++ compiler does for the tests'
// emulation of one, whose own header comes first and declares what is built into CUDA.

typedef unsigned short uint16;
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef long long int64;

// A kernel takes one struct, whose integers are int64 and whose numbers are float: what the host packs is easily compared.
#ifndef APUS_EMULATED
#define KERNEL(name, Arguments) extern "C" __global__ void name(const __grid_constant__ Arguments a)
// The same where a block never has more threads than `threads`, so that each may use more registers.
#define KERNEL_OF(threads, name, Arguments) \
  extern "C" __global__ void __launch_bounds__(threads) name(const __grid_constant__ Arguments a)
#define DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#endif

// The element type of activations: compiled with -DT=bf16 or -DT=float.
struct bf16 {
  uint16 bits;
};

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(bf16 x) { return __uint_as_float((uint32)x.bits << 16); }

// Rounds to nearest even; a NaN stays a NaN.
__device__ inline uint16 bf16_bits(float x) {
#ifdef APUS_EMULATED
  uint32 u = __float_as_uint(x);
  if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16)((u >> 16) | 0x40);
  return (uint16)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
#else
  uint16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
#endif
}
template <class E> __device__ inline E from_float(float x);
template <> __device__ inline float from_float<float>(float x) { return x; }
template <> __device__ inline bf16 from_float<bf16>(float x) { return bf16{bf16_bits(x)}; }

// Two numbers as bf16 in one word, `low` in the lower half.
__device__ inline uint32 bf16_pair(float low, float high) {
#ifdef APUS_EMULATED
  return (uint32)bf16_bits(low) | ((uint32)bf16_bits(high) << 16);
#else
  uint32 pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#endif
}

// 16 bytes of elements, moved as one.
template <class E> struct alignas(16) Vector {
  static constexpr int count = 16 / sizeof(E);
  E elements[count];
};
template <class E> __device__ inline Vector<E> load_vector(const E *from) {
  return *reinterpret_cast<const Vector<E> *>(from);
}
template <class E> __device__ inline void store_vector(E *to, const Vector<E> &v) {
  *reinterpret_cast<Vector<E> *>(to) = v;
}
__device__ inline bool is_aligned(const void *address) { return (reinterpret_cast<uint64>(address) & 15) == 0; }

// Sums and maxima in an order that follows from the block's size alone. Every thread of the warp or block takes part and
// gets the result; a block's threads are a multiple of 32, and `scratch` has 32 numbers.
__device__ inline float warp_sum(float x) {
  for (int offset = 16; offset > 0; offset >>= 1) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}
__device__ inline float warp_max(float x) {
  for (int offset = 16; offset > 0; offset >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, offset));
  return x;
}
__device__ inline float block_sum(float x, float *scratch) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  x = warp_sum(x);
  __syncthreads();
  if (lane == 0) scratch[warp] = x;
  __syncthreads();
  return warp_sum(lane < warps ? scratch[lane] : 0.f);
}
__device__ inline float block_max(float x, float *scratch) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  x = warp_max(x);
  __syncthreads();
  if (lane == 0) scratch[warp] = x;
  __syncthreads();
  return warp_max(lane < warps ? scratch[lane] : -__int_as_float(0x7f800000));
}

// Number of this thread among those of the whole launch, and how many there are.
__device__ inline int64 global_thread() { return (int64)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int64 global_threads() { return (int64)gridDim.x * blockDim.x; }
