// Kernels for block.cpp.
struct TestArguments {
  const float *x;
  float *y;
  int64 n;
};

// Sums of x over all threads with a barrier in a loop.
KERNEL(tree, TestArguments) {
  DYNAMIC_SHARED(memory);
  float *s = reinterpret_cast<float *>(memory);
  s[threadIdx.x] = a.x[global_thread()];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) s[threadIdx.x] += s[threadIdx.x + half];
  }
  if (threadIdx.x == 0) a.y[blockIdx.x] = s[0];
}

// The same without the barrier: wrong in one order or the other.
KERNEL(tree_without_barrier, TestArguments) {
  DYNAMIC_SHARED(memory);
  float *s = reinterpret_cast<float *>(memory);
  s[threadIdx.x] = a.x[global_thread()];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2)
    if (threadIdx.x < half) s[threadIdx.x] += s[threadIdx.x + half];
  if (threadIdx.x == 0) a.y[blockIdx.x] = s[0];
}

// Results of each kind of shuffle, one row of 32 each.
KERNEL(shuffles, TestArguments) {
  const unsigned lane = threadIdx.x;
  const float x = a.x[lane];
  int row = 0;
  auto put = [&](float value) { a.y[32 * row++ + lane] = value; };
  put(__shfl_sync(~0u, x, 5));
  put(__shfl_sync(~0u, x, lane + 3, 8));
  put(__shfl_xor_sync(~0u, x, 9));
  put(__shfl_up_sync(~0u, x, 2));
  put(__shfl_down_sync(~0u, x, 3, 16));
  put((float)__shfl_sync(~0u, (long long)lane << 40, 31 - lane) / (1ll << 40));
  put((float)__popc(__ballot_sync(~0u, lane % 3 == 0)));
  put((float)(__any_sync(~0u, lane == 7) * 2 + __all_sync(~0u, lane < 31)));
  // Two halves, each by itself and not equally often.
  float half = x;
  const unsigned mask = lane < 16 ? 0xffffu : 0xffff0000u;
  for (unsigned i = 0; i < (lane < 16 ? 1u : 3u); i++) half = __shfl_xor_sync(mask, half, 1);
  put(half);
  put((float)__reduce_max_sync(~0u, (int)(lane * 7 % 32)));
}

KERNEL(atomics, TestArguments) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  atomicAdd(&count, (int)threadIdx.x);
  __syncthreads();
  if (threadIdx.x == 0) a.y[blockIdx.x] = count;
}

// d[16, 8] = a[16, 16] · b[16, 8] in bf16 through ldmatrix: a at x, b after it.
KERNEL(product_bf16, TestArguments) {
  __shared__ __align__(16) bf16 left[16][16], right[16][8];
  const unsigned lane = threadIdx.x;
  for (unsigned i = lane; i < 256; i += 32) left[i / 16][i % 16] = from_float<bf16>(a.x[i]);
  for (unsigned i = lane; i < 128; i += 32) right[i / 8][i % 8] = from_float<bf16>(a.x[256 + i]);
  __syncwarp();
  uint32 p[4], q[2];
  emulated_ldmatrix_x4(p, &left[lane % 16][lane / 16 * 8], false);
  emulated_ldmatrix_x2(q, &right[lane % 16][0], true);
  float d[4] = {1, 1, 1, 1};
  emulated_mma_m16n8k16_bf16(d, p, q);
  for (int i = 0; i < 4; i++) a.y[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = d[i];
}

// d[16, 8] = a[16, 8] · b[8, 8] in tf32.
KERNEL(product_tf32, TestArguments) {
  const unsigned group = threadIdx.x / 4, place = threadIdx.x % 4;
  const float *left = a.x, *right = a.x + 128;
  const uint32 p[4] = {emulated_tf32(left[group * 8 + place]), emulated_tf32(left[(group + 8) * 8 + place]),
                       emulated_tf32(left[group * 8 + place + 4]), emulated_tf32(left[(group + 8) * 8 + place + 4])};
  const uint32 q[2] = {emulated_tf32(right[place * 8 + group]), emulated_tf32(right[(place + 4) * 8 + group])};
  float d[4] = {};
  emulated_mma_m16n8k8_tf32(d, p, q);
  for (int i = 0; i < 4; i++) a.y[(group + i / 2 * 8) * 8 + place * 2 + i % 2] = d[i];
}

// Copies 16 bytes a thread through shared memory; n != 0: without waiting for them.
KERNEL(copies, TestArguments) {
  __shared__ __align__(16) float s[2][128];
  emulated_cp_async_16(&s[0][threadIdx.x * 4], a.x + threadIdx.x * 4);
  emulated_cp_async_commit();
  emulated_cp_async_16(&s[1][threadIdx.x * 4], a.x + 128 + threadIdx.x * 4, 12);
  emulated_cp_async_commit();
  emulated_cp_async_wait(1);
  if (!a.n) emulated_cp_async_wait(0);
  __syncthreads();
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 4; j++) a.y[i * 128 + j * 32 + threadIdx.x] = s[i][j * 32 + threadIdx.x];
}

KERNEL(unwritten_shared, TestArguments) {
  __shared__ float s[32];
  if (a.n) s[threadIdx.x] = 1;
  __syncthreads();
  a.y[threadIdx.x] = s[31 - threadIdx.x];
}

KERNEL(deadlock, TestArguments) {
  if (threadIdx.x != 37) __syncthreads();
}
KERNEL(mixed_collectives, TestArguments) {
  if (threadIdx.x < 5) __syncwarp();
  else a.y[threadIdx.x] = __shfl_sync(~0u, 1.f, 0);
}
KERNEL(past_the_end, TestArguments) { a.y[a.n + threadIdx.x] = 1; }
KERNEL(endless, TestArguments) {
  while (*reinterpret_cast<volatile const float *>(a.x) != 12345.f) emulated_yield();
}
KERNEL(recursion, TestArguments) {
  struct Deep {
    static float down(const float *x, int64 n) {
      volatile float y[64];
      y[n & 63] = x[0];
      return n ? down(x, n - 1) + y[n & 63] : 0.f;
    }
  };
  a.y[0] = Deep::down(a.x, a.n);
}
