// What wrappers of tensor-core instructions call when emulated. All lanes of a warp take part in each.
#pragma once

struct EmulatedProduct {
  float *d;
  const unsigned *a, *b;
};

// d += a·b, [16, 16] times [16, 8], fragments as in PTX mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32.
inline void emulated_mma_m16n8k16_bf16(float d[4], const unsigned a[4], const unsigned b[2]) {
  EmulatedProduct item = {d, a, b};
  apus_card->collective(0xffffffffu, "mma.m16n8k16", &item, apus_card->mma_m16n8k16_bf16);
}

// d += a·b, [16, 8] times [8, 8], as mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32: the lowest 13 bits of a
// number are not looked at, so convert with emulated_tf32 before.
inline void emulated_mma_m16n8k8_tf32(float d[4], const unsigned a[4], const unsigned b[2]) {
  EmulatedProduct item = {d, a, b};
  apus_card->collective(0xffffffffu, "mma.m16n8k8", &item, apus_card->mma_m16n8k8_tf32);
}

// cvt.rna.tf32.f32: to nearest, ties away from zero.
inline unsigned emulated_tf32(float x) {
  const unsigned u = __float_as_uint(x);
  return (u & 0x7f800000u) == 0x7f800000u ? u : (u + 0x1000u) & ~0x1fffu;
}

struct EmulatedMatrixLoad {
  unsigned *to;
  const void *row;
  unsigned matrices;
  bool transposed;
};

// ldmatrix.sync.aligned.m8n8.xN.shared.b16: lane i of the first 8·N gives the address of row i mod 8 of matrix i / 8.
inline void emulated_ldmatrix(unsigned *to, const void *row, unsigned matrices, bool transposed) {
#ifdef APUS_EMULATED_RACES
  if (apus_card->lane < 8 * matrices) emulated_touch(row, 16, false);
#endif
  EmulatedMatrixLoad item = {to, row, matrices, transposed};
  apus_card->collective(0xffffffffu, "ldmatrix", &item, apus_card->load_matrix);
}
inline void emulated_ldmatrix_x1(unsigned *to, const void *row, bool transposed) {
  emulated_ldmatrix(to, row, 1, transposed);
}
inline void emulated_ldmatrix_x2(unsigned *to, const void *row, bool transposed) {
  emulated_ldmatrix(to, row, 2, transposed);
}
inline void emulated_ldmatrix_x4(unsigned *to, const void *row, bool transposed) {
  emulated_ldmatrix(to, row, 4, transposed);
}

// cp.async of 16 bytes: until the wait for its group the destination holds NaNs. Only the first `bytes` are read; the
// rest of the 16 becomes zero.
inline void emulated_cp_async_16(void *shared, const void *global, unsigned bytes = 16) {
  apus_card->copy_async(shared, global, bytes, 16);
}
// The same of 4 or 8 bytes.
inline void emulated_cp_async(void *shared, const void *global, unsigned size, unsigned bytes) {
  apus_card->copy_async(shared, global, bytes, size);
}
inline void emulated_cp_async_commit() { apus_card->commit_copies(); }
// Waits until at most the latest `groups` committed groups are under way.
inline void emulated_cp_async_wait(unsigned groups) { apus_card->wait_copies(groups); }
inline void emulated_cp_async_wait_all() {
  apus_card->commit_copies();
  apus_card->wait_copies(0);
}
