// Matrix products in float32.
#pragma once
#include <cstddef>
#include <cstdint>

enum class Type { float32, bfloat16 };

// A matrix with columns first: element (i, j) is at i + j * stride, or at j + i * stride if transposed.
struct Matrix {
  void *data;
  Type type;
  int64_t stride;
  bool is_transposed;
};

// output[rows, columns] = alpha * left[rows, depth] * right[depth, columns] + beta * before[rows, columns]
// + bias[rows, 1]. `before` is not read where beta is 0, and may be `output`; a bias without data is none.
void multiply(int64_t rows, int64_t columns, int64_t depth, float alpha, Matrix left, Matrix right, float beta,
              Matrix before, Matrix output, Matrix bias);
