#include "product.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

typedef float Lanes __attribute__((vector_size(64)));
constexpr int64_t tile_rows = 16, tile_columns = 6, block_depth = 512, block_columns = 768;

float get(const Matrix &matrix, int64_t i) {
  if (matrix.type == Type::float32) return static_cast<const float *>(matrix.data)[i];
  const uint32_t bits = (uint32_t) static_cast<const uint16_t *>(matrix.data)[i] << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

void set(const Matrix &matrix, int64_t i, float x) {
  if (matrix.type == Type::float32) {
    static_cast<float *>(matrix.data)[i] = x;
    return;
  }
  uint32_t bits;
  memcpy(&bits, &x, 4);
  // To nearest, ties to even; a NaN stays one.
  bits = (bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  static_cast<uint16_t *>(matrix.data)[i] = (uint16_t)bits;
}

// Copies [count, depth] of a matrix, from `first` and `from` on, as panels of `width` (the rest zeros): element (i, k)
// of a panel is at k * width + i. `is_turned`: count goes along the matrix's columns.
void pack(const Matrix &matrix, bool is_turned, int64_t first, int64_t count, int64_t from, int64_t depth,
          int64_t width, float *to) {
  const bool along = is_turned == matrix.is_transposed;
  const int64_t of_count = along ? 1 : matrix.stride, of_depth = along ? matrix.stride : 1;
  for (int64_t panel = 0; panel < count; panel += width, to += width * depth) {
    const int64_t whole = std::min(count - panel, width);
    const int64_t start = (first + panel) * of_count + from * of_depth;
    if (whole < width) memset(to, 0, sizeof(float) * width * depth);
    if (along) {
      for (int64_t k = 0; k < depth; k++)
        for (int64_t i = 0; i < whole; i++) to[k * width + i] = get(matrix, start + i + k * of_depth);
    } else {
      for (int64_t i = 0; i < whole; i++)
        for (int64_t k = 0; k < depth; k++) to[k * width + i] = get(matrix, start + i * of_count + k);
    }
  }
}

// sums[column][row] += left panel * right panel.
void multiply_tile(int64_t depth, const float *left, const float *right, Lanes *sums) {
  Lanes s[tile_columns];
  for (int j = 0; j < tile_columns; j++) s[j] = sums[j];
  for (int64_t k = 0; k < depth; k++) {
    Lanes column;
    memcpy(&column, left + k * tile_rows, sizeof column);
    for (int j = 0; j < tile_columns; j++) s[j] += column * right[k * tile_columns + j];
  }
  for (int j = 0; j < tile_columns; j++) sums[j] = s[j];
}

int64_t rounded(int64_t count, int64_t to) { return (count + to - 1) / to * to; }

}  // namespace

void multiply(int64_t rows, int64_t columns, int64_t depth, float alpha, Matrix left, Matrix right, float beta,
              Matrix before, Matrix output, Matrix bias) {
  const int64_t row_tiles = rounded(rows, tile_rows) / tile_rows;
  const int64_t most_depth = std::min(depth, block_depth), most_columns = std::min(columns, block_columns);
  std::vector<float> a(row_tiles * tile_rows * most_depth), b(rounded(most_columns, tile_columns) * most_depth);
  for (int64_t column = 0; column < columns; column += block_columns) {
    const int64_t width = std::min(columns - column, block_columns);
    const int64_t column_tiles = rounded(width, tile_columns) / tile_columns;
    std::vector<Lanes> sums(row_tiles * column_tiles * tile_columns);
    for (int64_t k = 0; k < depth; k += block_depth) {
      const int64_t deep = std::min(depth - k, block_depth);
      pack(left, false, 0, rows, k, deep, tile_rows, a.data());
      pack(right, true, column, width, k, deep, tile_columns, b.data());
      for (int64_t j = 0; j < column_tiles; j++)
        for (int64_t i = 0; i < row_tiles; i++)
          multiply_tile(deep, &a[i * tile_rows * deep], &b[j * tile_columns * deep],
                        &sums[(j * row_tiles + i) * tile_columns]);
    }
    for (int64_t j = 0; j < width; j++)
      for (int64_t i = 0; i < rows; i++) {
        const Lanes &tile = sums[(j / tile_columns * row_tiles + i / tile_rows) * tile_columns + j % tile_columns];
        float x = alpha * tile[i % tile_rows];
        if (beta != 0) x += beta * get(before, i + (column + j) * before.stride);
        if (bias.data) x += get(bias, i);
        set(output, i + (column + j) * output.stride, x);
      }
  }
}
