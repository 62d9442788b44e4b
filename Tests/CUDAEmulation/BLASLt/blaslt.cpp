// libcublasLt.so.13 for the emulation: what Apus asks of it. Anything else is "not supported".
#include "product.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

#define EXPORT extern "C" __attribute__((visibility("default")))

// Of the emulated driver.
extern "C" int apus_enqueue(uintptr_t stream, void (*work)(void *), void *argument, void (*release)(void *));
extern "C" bool apus_is_device_memory(uintptr_t address, size_t bytes, const char *what);

namespace {

enum Status : int {
  success = 0, not_initialized = 1, invalid_value = 7, execution_failed = 13, not_supported = 15,
};
enum DataType : int { r_32f = 0, r_16bf = 14 };
constexpr int compute_32f = 68, epilogue_default = 1, epilogue_bias = 4;

struct Handle {};

struct Operation {
  int32_t transposes_left = 0, transposes_right = 0, epilogue = epilogue_default, bias_type = -1;
  uint64_t bias = 0;
};

struct Layout {
  int32_t type;
  uint64_t rows, columns;
  int64_t stride;
  int32_t batch = 1;
  int64_t batch_stride = 0;
};

struct Preference {
  uint64_t workspace = 0;
  uint32_t alignment[4] = {256, 256, 256, 256};
};

// What an algorithm was chosen for; a product must be that one.
struct Algorithm {
  uint64_t mark, rows, columns, depth, workspace;
  uint32_t alignment[4];
  uint64_t rest;
};
static_assert(sizeof(Algorithm) == 64);
constexpr uint64_t algorithm_mark = 0x6170757320616c67;

struct Heuristic {
  Algorithm algorithm;
  size_t workspace;
  int32_t state;
  float waves;
  int32_t reserved[4];
};
static_assert(sizeof(Heuristic) == 96);

std::mutex lock;
std::set<void *> known;

template <class E> Status make(E **to, E *made) {
  std::lock_guard<std::mutex> guard(lock);
  known.insert(made);
  *to = made;
  return success;
}
template <class E> Status destroy(E *object) {
  std::lock_guard<std::mutex> guard(lock);
  if (!known.erase(object)) return invalid_value;
  delete object;
  return success;
}
bool is_known(const void *object) {
  std::lock_guard<std::mutex> guard(lock);
  return known.count(const_cast<void *>(object));
}

template <class E> Status take(E &to, const void *from, size_t bytes) {
  if (!from || bytes != sizeof to) return invalid_value;
  memcpy(&to, from, bytes);
  return success;
}

bool is_type(int type) { return type == r_32f || type == r_16bf; }
Type type_of(int type) { return type == r_16bf ? Type::bfloat16 : Type::float32; }
size_t bytes_of(int type) { return type == r_16bf ? 2 : 4; }

// A product as it is put into a stream.
struct Product {
  Operation operation;
  Layout a, b, c, d;
  float alpha, beta;
  uintptr_t left, right, before, output;

  uint64_t depth() const { return operation.transposes_left ? a.rows : a.columns; }
};

Status checked(const Operation &operation, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
  for (const Layout *layout : {&a, &b, &c, &d}) {
    if (!is_type(layout->type)) return not_supported;
    if (!layout->rows || !layout->columns || layout->stride < (int64_t)layout->rows) return invalid_value;
    if (layout->batch != d.batch || layout->batch < 1) return invalid_value;
  }
  if (a.type != b.type || c.type != d.type || (a.type == r_32f && d.type != r_32f)) return not_supported;
  const uint64_t rows = operation.transposes_left ? a.columns : a.rows;
  const uint64_t depth = operation.transposes_left ? a.rows : a.columns;
  const uint64_t right_depth = operation.transposes_right ? b.columns : b.rows;
  const uint64_t columns = operation.transposes_right ? b.rows : b.columns;
  if (depth != right_depth || c.rows != rows || d.rows != rows || c.columns != columns || d.columns != columns)
    return invalid_value;
  if (operation.epilogue != epilogue_default && operation.epilogue != epilogue_bias) return not_supported;
  if (operation.epilogue == epilogue_bias && operation.bias_type != -1 && operation.bias_type != d.type)
    return not_supported;
  return success;
}

bool is_device(uintptr_t address, const Layout &layout, const char *what) {
  const size_t elements = (layout.columns - 1) * layout.stride + layout.rows + (layout.batch - 1) * layout.batch_stride;
  return apus_is_device_memory(address, elements * bytes_of(layout.type), what);
}

void run(void *argument) {
  const Product &p = *static_cast<Product *>(argument);
  const bool has_bias = p.operation.epilogue == epilogue_bias;
  if (!is_device(p.left, p.a, "cublasLtMatmul, A") || !is_device(p.right, p.b, "cublasLtMatmul, B") ||
      (p.beta != 0 && !is_device(p.before, p.c, "cublasLtMatmul, C")) ||
      !is_device(p.output, p.d, "cublasLtMatmul, D") ||
      (has_bias &&
       !apus_is_device_memory(p.operation.bias, p.d.rows * bytes_of(p.d.type), "cublasLtMatmul, the bias")))
    return;
  for (int64_t i = 0; i < p.d.batch; i++) {
    const auto matrix = [&](uintptr_t start, const Layout &layout, bool is_transposed) {
      return Matrix{reinterpret_cast<void *>(start + i * layout.batch_stride * bytes_of(layout.type)),
                    type_of(layout.type), layout.stride, is_transposed};
    };
    const Matrix bias = {has_bias ? reinterpret_cast<void *>(p.operation.bias) : nullptr, type_of(p.d.type), 0, false};
    multiply(p.d.rows, p.d.columns, p.depth(), p.alpha, matrix(p.left, p.a, p.operation.transposes_left),
             matrix(p.right, p.b, p.operation.transposes_right), p.beta, matrix(p.before, p.c, false),
             matrix(p.output, p.d, false), bias);
  }
}

}  // namespace

EXPORT size_t cublasLtGetVersion() { return 130000; }

EXPORT const char *cublasLtGetStatusName(int status) {
  switch (status) {
  case success: return "CUBLAS_STATUS_SUCCESS";
  case not_initialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
  case invalid_value: return "CUBLAS_STATUS_INVALID_VALUE";
  case execution_failed: return "CUBLAS_STATUS_EXECUTION_FAILED";
  case not_supported: return "CUBLAS_STATUS_NOT_SUPPORTED";
  default: return "CUBLAS_STATUS unknown";
  }
}

EXPORT Status cublasLtCreate(Handle **handle) { return make(handle, new Handle()); }
EXPORT Status cublasLtDestroy(Handle *handle) { return destroy(handle); }

EXPORT Status cublasLtMatmulDescCreate(Operation **operation, int compute, int scale) {
  if (compute != compute_32f || scale != r_32f) return not_supported;
  return make(operation, new Operation());
}
EXPORT Status cublasLtMatmulDescDestroy(Operation *operation) { return destroy(operation); }

EXPORT Status cublasLtMatmulDescSetAttribute(Operation *operation, int attribute, const void *value, size_t bytes) {
  if (!is_known(operation)) return invalid_value;
  switch (attribute) {
  case 3: return take(operation->transposes_left, value, bytes);
  case 4: return take(operation->transposes_right, value, bytes);
  case 7: return take(operation->epilogue, value, bytes);
  case 8: return take(operation->bias, value, bytes);
  case 26: return take(operation->bias_type, value, bytes);
  default: return not_supported;
  }
}

EXPORT Status cublasLtMatrixLayoutCreate(Layout **layout, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  return make(layout, new Layout{type, rows, columns, stride});
}
EXPORT Status cublasLtMatrixLayoutDestroy(Layout *layout) { return destroy(layout); }

EXPORT Status cublasLtMatrixLayoutSetAttribute(Layout *layout, int attribute, const void *value, size_t bytes) {
  if (!is_known(layout)) return invalid_value;
  switch (attribute) {
  case 5: return take(layout->batch, value, bytes);
  case 6: return take(layout->batch_stride, value, bytes);
  default: return not_supported;
  }
}

EXPORT Status cublasLtMatmulPreferenceCreate(Preference **preference) { return make(preference, new Preference()); }
EXPORT Status cublasLtMatmulPreferenceDestroy(Preference *preference) { return destroy(preference); }

EXPORT Status cublasLtMatmulPreferenceSetAttribute(Preference *preference, int attribute, const void *value,
                                                   size_t bytes) {
  if (!is_known(preference)) return invalid_value;
  uint32_t mask;
  switch (attribute) {
  case 1: return take(preference->workspace, value, bytes);
  case 3: return take(mask, value, bytes);
  case 5: case 6: case 7: case 8: return take(preference->alignment[attribute - 5], value, bytes);
  default: return not_supported;
  }
}

EXPORT Status cublasLtMatmulAlgoGetHeuristic(Handle *handle, Operation *operation, Layout *a, Layout *b, Layout *c,
                                             Layout *d, Preference *preference, int wanted, Heuristic *results,
                                             int *count) {
  for (const void *object : {(void *)handle, (void *)operation, (void *)a, (void *)b, (void *)c, (void *)d,
                             (void *)preference})
    if (!is_known(object)) return invalid_value;
  *count = 0;
  if (wanted < 1) return invalid_value;
  if (Status status = checked(*operation, *a, *b, *c, *d)) return status;
  memset(results, 0, sizeof *results);
  // Some products ask for room to work in, so that a caller who gives less than it promised is found.
  const uint64_t workspace = d->rows * d->columns % 2 ? preference->workspace : 0;
  const uint64_t depth = operation->transposes_left ? a->rows : a->columns;
  results->algorithm = {algorithm_mark, d->rows, d->columns, depth, workspace, {}, 0};
  memcpy(results->algorithm.alignment, preference->alignment, sizeof preference->alignment);
  results->workspace = workspace;
  *count = 1;
  return success;
}

EXPORT Status cublasLtMatmul(Handle *handle, Operation *operation, const float *alpha, uintptr_t left, Layout *a,
                             uintptr_t right, Layout *b, const float *beta, uintptr_t before, Layout *c,
                             uintptr_t output, Layout *d, const Algorithm *algorithm, uintptr_t workspace,
                             size_t workspace_bytes, uintptr_t stream) {
  for (const void *object : {(void *)handle, (void *)operation, (void *)a, (void *)b, (void *)c, (void *)d})
    if (!is_known(object)) return invalid_value;
  if (Status status = checked(*operation, *a, *b, *c, *d)) return status;
  const Product product = {*operation, *a, *b, *c, *d, *alpha, *beta, left, right, before, output};
  if (!left || !right || !output || (!before && *beta != 0)) return invalid_value;
  if (operation->epilogue == epilogue_bias && !operation->bias) return invalid_value;
  if (algorithm) {
    const uintptr_t addresses[4] = {left, right, before, output};
    if (algorithm->mark != algorithm_mark || algorithm->rows != d->rows || algorithm->columns != d->columns ||
        algorithm->depth != product.depth())
      return not_supported;
    for (int i = 0; i < 4; i++)
      if (algorithm->alignment[i] && addresses[i] % algorithm->alignment[i]) return invalid_value;
    if (algorithm->workspace && (!workspace || workspace_bytes < algorithm->workspace)) return invalid_value;
  }
  const int error = apus_enqueue(stream, run, new Product(product), [](void *p) { delete static_cast<Product *>(p); });
  return error ? execution_failed : success;
}
