// Rows of a square matrix made orthonormal in their order, as the processor does it: some at a time one after another,
// then all of those taken out of every later row at once. A thread has the same elements of every row.

struct Orthonormal {
  float *rows;
  int64 *axis;  // of the axes that take the place of rows, the first that none has been tried with
  int64 size, first, end;
};
struct Row {
  float *x;
  int64 size;
  double *scratch;

  __device__ double norm() const {
    double sum = 0;
    for (int64 i = threadIdx.x; i < size; i += blockDim.x) sum += (double)x[i] * x[i];
    return sqrt(block_total(sum, scratch));
  }
  __device__ void scale(double factor) const {
    for (int64 i = threadIdx.x; i < size; i += blockDim.x) x[i] = (float)(x[i] * factor);
  }
  // Takes the rows from `first` to `end` out.
  __device__ void take_out(const float *rows, int64 first, int64 end) const {
    for (int64 row = first; row < end; row++) {
      const float *q = rows + row * size;
      float dot = 0;
      for (int64 i = threadIdx.x; i < size; i += blockDim.x) dot += q[i] * x[i];
      dot = block_sum(dot, reinterpret_cast<float *>(scratch));
      for (int64 i = threadIdx.x; i < size; i += blockDim.x) x[i] -= q[i] * dot;
    }
  }
};

// Gives each row the length 1; a block has a row.
KERNEL(unit_rows, Orthonormal) {
  __shared__ double scratch[32];
  const Row row = {a.rows + blockIdx.x * a.size, a.size, scratch};
  const double norm = row.norm();
  row.scale(norm > 1e-30 && norm < 1e30 ? 1 / norm : 0);
  if (blockIdx.x == 0 && threadIdx.x == 0) *a.axis = 0;
}

// Takes the rows from `first` to `end` out of every later one; a block has a row.
KERNEL(take_out_rows, Orthonormal) {
  __shared__ double scratch[32];
  const Row row = {a.rows + (a.end + blockIdx.x) * a.size, a.size, scratch};
  row.take_out(a.rows, a.first, a.end);
}

// Makes the rows from `first` to `end` orthonormal, from which those before have been taken out; there is one block.
KERNEL(straighten_rows, Orthonormal) {
  __shared__ double scratch[32];
  int64 axis = *a.axis;
  for (int64 r = a.first; r < a.end; r++) {
    const Row row = {a.rows + r * a.size, a.size, scratch};
    row.take_out(a.rows, a.first, r);
    double norm = row.norm();
    bool is_straight = norm > 1e-2;
    if (!is_straight && norm > 1e-30) {
      // All but spanned by those before: what is left of it, where that is no rounding.
      row.scale(1 / norm);
      row.take_out(a.rows, 0, r);
      norm = row.norm();
      is_straight = norm > 0.5;
    }
    while (!is_straight && axis < a.size) {
      // The first axis that is not among what the rows before span: some axis keeps at least its share of the rest.
      for (int64 i = threadIdx.x; i < a.size; i += blockDim.x) row.x[i] = i == axis ? 1.f : 0.f;
      axis++;
      row.take_out(a.rows, 0, r);
      norm = row.norm();
      if (norm * norm * (double)a.size < 0.5) continue;
      row.scale(1 / norm);
      row.take_out(a.rows, 0, r);
      norm = row.norm();
      is_straight = true;
    }
    if (is_straight) row.scale(1 / norm);
  }
  if (threadIdx.x == 0) *a.axis = axis;
}
