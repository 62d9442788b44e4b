// Fragments are laid out as the PTX ISA says in "Matrix fragments for mma.m16n8k16", "… mma.m16n8k8" and "ldmatrix".
#include "matrices.h"

#include "launch.h"
#define APUS_EMULATED 1
#include "../Prelude/threads.h"

namespace {

EmulatedProduct &product(void **items, int lane) { return *static_cast<EmulatedProduct *>(items[lane]); }

float low(unsigned pair) { return __uint_as_float(pair << 16); }
float high(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

// d[16, 8] += a[16, K] · b[K, 8]; the sum over K comes first, then what was there.
template <int K> void multiply(void **items, const float (&a)[16][K], const float (&b)[K][8]) {
  float d[16][8] = {};
  for (int i = 0; i < 16; i++)
    for (int k = 0; k < K; k++)
      for (int j = 0; j < 8; j++) d[i][j] += a[i][k] * b[k][j];
  for (int lane = 0; lane < 32; lane++) {
    float *to = product(items, lane).d;
    const int row = lane >> 2, column = (lane & 3) * 2;
    to[0] += d[row][column];
    to[1] += d[row][column + 1];
    to[2] += d[row + 8][column];
    to[3] += d[row + 8][column + 1];
  }
}

void need_whole_warp(unsigned lanes) {
  if (lanes != 0xffffffffu) leave_launch("a matrix instruction in a warp of fewer than 32 threads");
}

}  // namespace

void mma_m16n8k16_bf16(void **items, unsigned lanes) {
  need_whole_warp(lanes);
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; lane++) {
    const EmulatedProduct &p = product(items, lane);
    const int group = lane >> 2, pair = (lane & 3) * 2;
    for (int i = 0; i < 4; i++) {
      const int row = group + (i & 1) * 8, column = pair + (i >> 1) * 8;
      a[row][column] = low(p.a[i]);
      a[row][column + 1] = high(p.a[i]);
    }
    for (int i = 0; i < 2; i++) {
      b[pair + i * 8][group] = low(p.b[i]);
      b[pair + i * 8 + 1][group] = high(p.b[i]);
    }
  }
  multiply(items, a, b);
}

void mma_m16n8k8_tf32(void **items, unsigned lanes) {
  need_whole_warp(lanes);
  float a[16][8], b[8][8];
  for (int lane = 0; lane < 32; lane++) {
    const EmulatedProduct &p = product(items, lane);
    const int group = lane >> 2, place = lane & 3;
    for (int i = 0; i < 4; i++)
      a[group + (i & 1) * 8][place + (i >> 1) * 4] = __uint_as_float(p.a[i] & 0xffffe000u);
    for (int i = 0; i < 2; i++) b[place + i * 4][group] = __uint_as_float(p.b[i] & 0xffffe000u);
  }
  multiply(items, a, b);
}

void load_matrix(void **items, unsigned lanes) {
  need_whole_warp(lanes);
  EmulatedMatrixLoad *loads[32];
  for (int lane = 0; lane < 32; lane++) loads[lane] = static_cast<EmulatedMatrixLoad *>(items[lane]);
  for (unsigned m = 0; m < loads[0]->matrices; m++) {
    unsigned short matrix[8][8];
    for (int row = 0; row < 8; row++) {
      const void *from = loads[m * 8 + row]->row;
      if (reinterpret_cast<unsigned long long>(from) & 15)
        leave_launch("ldmatrix from a row that does not begin at a multiple of 16 bytes");
      memcpy(matrix[row], from, 16);
    }
    for (int lane = 0; lane < 32; lane++) {
      const int row = lane >> 2, column = (lane & 3) * 2;
      const bool transposed = loads[0]->transposed;
      const unsigned first = transposed ? matrix[column][row] : matrix[row][column];
      const unsigned second = transposed ? matrix[column + 1][row] : matrix[row][column + 1];
      loads[lane]->to[m] = first | second << 16;
    }
  }
}
