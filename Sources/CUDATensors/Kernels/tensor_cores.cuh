// Tensor cores, copies that run beside the computation, and what else is an instruction of the card that CUDA C++ has
// no name for. All 32 threads of a warp call together unless said otherwise. The emulation stands in with functions of
// its own.

#ifndef WGMMA
#define WGMMA 0
#endif

// c += a x b of 16 rows, 8 columns and depth 16. Of thread t, with g = t / 4 and i = t % 4: c holds row g, columns 2i
// and 2i + 1, then the same of row g + 8; a holds pairs of depth 2i of rows g and g + 8, then of depth 2i + 8; b pairs
// of depth 2i and 2i + 8 of column g.
__device__ inline void multiply_bf16(float (&c)[4], const uint32 (&a)[4], uint32 b0, uint32 b1) {
#ifdef APUS_EMULATED
  const uint32 b[2] = {b0, b1};
  emulated_mma_m16n8k16_bf16(c, a, b);
#else
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}

// An address in shared memory as instructions take it.
#ifdef APUS_EMULATED
typedef unsigned char *SharedAddress;
__device__ inline SharedAddress shared_address(const void *p) {
  return static_cast<unsigned char *>(const_cast<void *>(p));
}
#else
typedef uint32 SharedAddress;
__device__ inline SharedAddress shared_address(const void *p) { return (uint32)__cvta_generic_to_shared(p); }
#endif

// Four matrices of eight rows of 16 bytes in shared memory. Threads 8m to 8m + 7 give the addresses of matrix m's rows;
// of its row g, thread 4g + i gets the i-th four bytes.
__device__ inline void load_matrices(uint32 (&to)[4], SharedAddress row) {
#ifdef APUS_EMULATED
  emulated_ldmatrix_x4(to, row, false);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(row)
               : "memory");
#endif
}
// The same of the matrices, of 8 x 8 elements of two bytes, turned: thread 4g + i gets rows 2i and 2i + 1 of column g.
__device__ inline void load_matrices_turned(uint32 (&to)[4], SharedAddress row) {
#ifdef APUS_EMULATED
  emulated_ldmatrix_x4(to, row, true);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(row)
               : "memory");
#endif
}
__device__ inline void load_matrices(uint32 (&to)[4], const void *row) { load_matrices(to, shared_address(row)); }
__device__ inline void load_matrices_turned(uint32 (&to)[4], const void *row) {
  load_matrices_turned(to, shared_address(row));
}

// Copies 16 bytes to shared memory in the background, each thread for itself; zeros where `exists` is false, and
// nothing is read then. Both addresses are multiples of 16.
__device__ inline void copy_async(SharedAddress shared, const void *global, bool exists) {
#ifdef APUS_EMULATED
  emulated_cp_async_16(shared, global, exists ? 16 : 0);
#else
  const uint32 bytes = exists ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(shared), "l"(global), "r"(bytes) : "memory");
#endif
}
__device__ inline void copy_async(void *shared, const void *global, bool exists) {
  copy_async(shared_address(shared), global, exists);
}
// Ends a group of this thread's copies.
__device__ inline void copies_commit() {
#ifdef APUS_EMULATED
  emulated_cp_async_commit();
#else
  asm volatile("cp.async.commit_group;" : : : "memory");
#endif
}
// Waits until all but the last `pending` groups of this thread's copies have arrived.
template <int pending> __device__ inline void copies_wait() {
#ifdef APUS_EMULATED
  emulated_cp_async_wait(pending);
#else
  asm volatile("cp.async.wait_group %0;" : : "n"(pending) : "memory");
#endif
}

// 2^x in one instruction, exact to 2 units of the last place; 0 below -126. Each thread for itself.
__device__ inline float fast_exp2(float x) {
#ifdef APUS_EMULATED
  return exp2f(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

// Two numbers rounded to bf16 in one word, `low` in the lower half. Each thread for itself.
__device__ inline uint32 round_to_pair(float low, float high) {
#ifdef APUS_EMULATED
  return bf16_pair(low, high);
#else
  uint32 pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#endif
}

#if WGMMA
// Hopper's products of a warpgroup (sm_90a), four warps together, which read the right operand from shared memory
// themselves: rows of 128 bytes whose pieces of 16 change places by row, eights of rows at multiples of 1024 bytes.
// Products stand between begin and end; before a barrier after which they read, each thread that wrote says so.
__device__ inline void written_for_warpgroups() {
#ifndef APUS_EMULATED
  asm volatile("fence.proxy.async.shared::cta;" : : : "memory");
#endif
}
__device__ inline void warpgroup_begin() {
#ifndef APUS_EMULATED
  asm volatile("wgmma.fence.sync.aligned;" : : : "memory");
#endif
}
__device__ inline void warpgroup_end() {
#ifndef APUS_EMULATED
  asm volatile("wgmma.commit_group.sync.aligned;" : : : "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" : : : "memory");
#endif
}
// c[0..7] += a x b: of each warp 16 rows, 64 columns and depth 16, in the places of `multiply_bf16`. The rows in memory
// are columns of b or, if `turned`, its rows.
template <bool turned>
__device__ inline void warpgroup_multiply(float (*c)[4], const uint32 (&a)[4], SharedAddress b) {
#ifdef APUS_EMULATED
  const int g = threadIdx.x % 32 / 4, i = threadIdx.x % 4;
  const auto element = [&](int row, int column) {
    const uint64 at = reinterpret_cast<uint64>(b) + row * 128 + column * 2;
    return (uint32)*reinterpret_cast<const uint16 *>(at ^ (at >> 3 & 0x70));
  };
  for (int n = 0; n < 8; n++) {
    uint32 pair[2];
    for (int half = 0; half < 2; half++) {
      const int depth = 2 * i + 8 * half, column = 8 * n + g;
      pair[half] = turned ? element(depth, column) | element(depth + 1, column) << 16
                          : element(column, depth) | element(column, depth + 1) << 16;
    }
    multiply_bf16(c[n], a, pair[0], pair[1]);
  }
#else
  // Its address, 1024 bytes from eight rows to the next, the swizzle of 128 bytes (PTX, "matrix descriptor").
  const uint64 descriptor = (uint64)((b & 0x3ffff) >> 4) | (uint64)1 << 16 | (uint64)64 << 32 | (uint64)1 << 62;
#define FOUR(n) "+f"(c[n][0]), "+f"(c[n][1]), "+f"(c[n][2]), "+f"(c[n][3])
  asm volatile("{ .reg .pred adds; setp.ne.b32 adds, 1, 0; "
               "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
               "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
               "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, "
               "{%32,%33,%34,%35}, %36, adds, 1, 1, %37; }"
               : FOUR(0), FOUR(1), FOUR(2), FOUR(3), FOUR(4), FOUR(5), FOUR(6), FOUR(7)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(descriptor), "n"(turned ? 1 : 0));
#undef FOUR
#endif
}
#else
__device__ inline void written_for_warpgroups() {}
#endif
