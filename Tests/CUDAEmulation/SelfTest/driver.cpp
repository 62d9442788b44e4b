// What the emulated driver, NVRTC and cuBLASLt promise. Linked with them; ends with 0 where all of it holds.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuGetErrorString(int, const char **);
int cuDevicePrimaryCtxRetain(void **, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(void *);
int cuMemAlloc_v2(uint64_t *, size_t);
int cuMemFree_v2(uint64_t);
int cuMemGetInfo_v2(size_t *, size_t *);
int cuMemHostAlloc(void **, size_t, unsigned);
int cuMemFreeHost(void *);
int cuMemcpyAsync(uint64_t, uint64_t, size_t, uintptr_t);
int cuMemsetD32Async(uint64_t, unsigned, size_t, uintptr_t);
int cuStreamCreate(uintptr_t *, unsigned);
int cuStreamDestroy_v2(uintptr_t);
int cuStreamSynchronize(uintptr_t);
int cuStreamWaitEvent(uintptr_t, void *, unsigned);
int cuEventCreate(void **, unsigned);
int cuEventDestroy_v2(void *);
int cuEventRecord(void *, uintptr_t);
int cuEventQuery(void *);
int cuEventSynchronize(void *);
int cuEventElapsedTime(float *, void *, void *);
int cuModuleLoadDataEx(void **, const void *, unsigned, int *, void **);
int cuModuleUnload(void *);
int cuModuleGetFunction(void **, void *, const char *);
int cuFuncGetParamInfo(void *, size_t, size_t *, size_t *);
int cuFuncSetAttribute(void *, int, int);
int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, uintptr_t, void **,
                   void **);
int cuStreamBeginCapture_v2(uintptr_t, int);
int cuStreamEndCapture(uintptr_t, void **);
int cuGraphInstantiateWithFlags(void **, void *, unsigned long long);
int cuGraphLaunch(void *, uintptr_t);
int cuGraphDestroy(void *);
int cuGraphExecDestroy(void *);
int nvrtcCreateProgram(void **, const char *, const char *, int, const char *const *, const char *const *);
int nvrtcCompileProgram(void *, int, const char *const *);
int nvrtcGetProgramLogSize(void *, size_t *);
int nvrtcGetProgramLog(void *, char *);
int nvrtcGetCUBINSize(void *, size_t *);
int nvrtcGetCUBIN(void *, char *);
int nvrtcDestroyProgram(void **);
int cublasLtCreate(void **);
int cublasLtMatmulDescCreate(void **, int, int);
int cublasLtMatmulDescSetAttribute(void *, int, const void *, size_t);
int cublasLtMatrixLayoutCreate(void **, int, uint64_t, uint64_t, int64_t);
int cublasLtMatrixLayoutSetAttribute(void *, int, const void *, size_t);
int cublasLtMatmul(void *, void *, const void *, uint64_t, void *, uint64_t, void *, const void *, uint64_t, void *,
                   uint64_t, void *, const void *, uint64_t, size_t, uintptr_t);
}

static int failures;
static void check(bool holds, const char *what, int code = 0) {
  if (holds) return;
  failures++;
  const char *text = nullptr;
  if (code) cuGetErrorString(code, &text);
  fprintf(stderr, "driver.cpp: %s %s\n", what, text ? text : "");
}
static void need(int code, const char *what) {
  check(code == 0, what, code);
  if (code) exit(1);
}

static const char text[] = R"(
struct A { float *x; long long n; float factor; };
KERNEL_OF(64, scale, A) {
  const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < a.n) a.x[i] = a.x[i] * a.factor + OFFSET;
}
KERNEL(stray, A) { a.x[a.n] = 1; }
KERNEL(crooked, A) { *reinterpret_cast<float4 *>(a.x + a.n) = make_float4(1, 2, 3, 4); }
KERNEL(outside, A) {
  __shared__ float s[8];
  s[a.n] = a.x[0];
  a.x[1] = s[0];
}
)";

struct Arguments {
  uint64_t x;
  int64_t n;
  float factor;
};

static std::vector<char> code_of(const char *source, const char *define, std::string &log) {
  void *program;
  need(nvrtcCreateProgram(&program, source, "test.cu", 0, nullptr, nullptr), "creating a program");
  const char *options[] = {"--gpu-architecture=sm_90a", "--std=c++17", define};
  const int result = nvrtcCompileProgram(program, 3, options);
  size_t bytes = 0;
  nvrtcGetProgramLogSize(program, &bytes);
  log.resize(bytes);
  nvrtcGetProgramLog(program, &log[0]);
  std::vector<char> code;
  if (!result) {
    nvrtcGetCUBINSize(program, &bytes);
    code.resize(bytes);
    nvrtcGetCUBIN(program, code.data());
  }
  nvrtcDestroyProgram(&program);
  return code;
}

static uintptr_t stream;
static uint64_t allocate(size_t floats) {
  uint64_t address = 0;
  need(cuMemAlloc_v2(&address, floats * 4), "allocating");
  return address;
}
static int launch(void *function, unsigned blocks, unsigned threads, Arguments arguments, unsigned shared = 0) {
  void *parameters[] = {&arguments};
  const int code = cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, shared, stream, parameters, nullptr);
  memset(&arguments, 0xee, sizeof arguments);
  return code;
}
static std::vector<float> read(uint64_t address, size_t count) {
  std::vector<float> result(count);
  need(cuMemcpyAsync((uint64_t)result.data(), address, count * 4, stream), "copying to the host");
  return result;
}
static uint64_t address_of(const void *p) { return (uint64_t)p; }

// Whether the host dies when it reads the card's memory.
static bool is_protected(uint64_t address) {
  const pid_t child = fork();
  if (child == 0) {
    if (!freopen("/dev/null", "w", stderr)) _exit(3);
    volatile float x = *reinterpret_cast<float *>(address);
    (void)x;
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

static void test_products(std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  void *handle;
  need(cublasLtCreate(&handle), "cublasLtCreate");
  for (int trial = 0; trial < 40; trial++) {
    const auto below = [&](int n) { return (int)(random() % n); };
    const int m = 1 + below(70), n = 1 + below(trial % 10 ? 50 : 900), k = 1 + below(trial % 10 == 1 ? 1100 : 60);
    const int left_t = below(2), right_t = below(2), has_bias = below(2), batch = 1 + below(2);
    const bool half = below(2), half_out = half && below(2);
    const float alpha = uniform(random), beta = below(2) ? uniform(random) : 0;
    const int64_t rows[3] = {left_t ? k : m, right_t ? n : k, m}, columns[3] = {left_t ? m : k, right_t ? k : n, n};
    int64_t stride[3], size[3];
    std::vector<float> values[4];
    for (int i = 0; i < 3; i++) {
      stride[i] = rows[i] + below(5);
      size[i] = stride[i] * columns[i];
      values[i].resize(size[i] * batch);
    }
    values[3].resize(m);
    const bool is_half[4] = {half, half, half_out, half_out};
    uint64_t memory[4];
    for (int i = 0; i < 4; i++) {
      std::vector<uint16_t> halves;
      for (float &x : values[i]) {
        x = uniform(random);
        uint32_t bits;
        memcpy(&bits, &x, 4);
        if (is_half[i]) {
          bits &= 0xffff0000;
          halves.push_back(bits >> 16);
        }
        memcpy(&x, &bits, 4);
      }
      memory[i] = allocate(values[i].size());
      need(cuMemcpyAsync(memory[i], is_half[i] ? address_of(halves.data()) : address_of(values[i].data()),
                         values[i].size() * (is_half[i] ? 2 : 4), stream), "copying operands");
    }
    void *operation, *layout[3];
    need(cublasLtMatmulDescCreate(&operation, 68, 0), "a description");
    need(cublasLtMatmulDescSetAttribute(operation, 3, &left_t, 4), "TRANSA");
    need(cublasLtMatmulDescSetAttribute(operation, 4, &right_t, 4), "TRANSB");
    const int epilogue = has_bias ? 4 : 1;
    need(cublasLtMatmulDescSetAttribute(operation, 7, &epilogue, 4), "EPILOGUE");
    need(cublasLtMatmulDescSetAttribute(operation, 8, &memory[3], 8), "BIAS");
    for (int i = 0; i < 3; i++) {
      need(cublasLtMatrixLayoutCreate(&layout[i], is_half[i] ? 14 : 0, rows[i], columns[i], stride[i]), "a layout");
      need(cublasLtMatrixLayoutSetAttribute(layout[i], 5, &batch, 4), "BATCH_COUNT");
      need(cublasLtMatrixLayoutSetAttribute(layout[i], 6, &size[i], 8), "STRIDED_BATCH_OFFSET");
    }
    const int code = cublasLtMatmul(handle, operation, &alpha, memory[0], layout[0], memory[1], layout[1], &beta,
                                    memory[2], layout[2], memory[2], layout[2], nullptr, 0, 0, stream);
    check(code == 0, "cublasLtMatmul");
    std::vector<uint16_t> halves(values[2].size());
    std::vector<float> result(values[2].size());
    cuMemcpyAsync(half_out ? address_of(halves.data()) : address_of(result.data()), memory[2],
                  result.size() * (half_out ? 2 : 4), stream);
    if (half_out)
      for (size_t i = 0; i < result.size(); i++) {
        const uint32_t bits = (uint32_t)halves[i] << 16;
        memcpy(&result[i], &bits, 4);
      }
    double worst = 0;
    for (int s = 0; s < batch; s++)
      for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
          double sum = 0;
          for (int l = 0; l < k; l++)
            sum += (double)values[0][s * size[0] + (left_t ? l + i * stride[0] : i + l * stride[0])] *
                   values[1][s * size[1] + (right_t ? j + l * stride[1] : l + j * stride[1])];
          const int64_t at = s * size[2] + i + j * stride[2];
          const double expected = alpha * sum + beta * values[2][at] + (has_bias ? values[3][i] : 0);
          const double difference = fabs(result[at] - expected) / (half_out ? 0.004 * fabs(expected) + 1e-5 : 1e-4);
          worst = std::isnan(difference) ? INFINITY : fmax(worst, difference);
        }
    check(worst < 1, "a product agrees with a plain one");
    for (int j = 0; j < n; j++)
      for (int i = m; i < stride[2]; i++)
        check(result[i + j * stride[2]] == values[2][i + j * stride[2]], "what lies between columns is left alone");
    for (uint64_t each : memory) cuMemFree_v2(each);
  }
}

int main() {
  std::mt19937 random(std::random_device{}());
  void *context, *second;
  uint64_t none;
  check(cuMemAlloc_v2(&none, 4) == 3, "not started");
  need(cuInit(0), "cuInit");
  check(cuMemAlloc_v2(&none, 4) == 201, "no current context");
  need(cuDevicePrimaryCtxRetain(&context, 0), "retaining");
  need(cuCtxSetCurrent(context), "setting");
  need(cuStreamCreate(&stream, 1), "a stream");

  // Compiling.
  std::string log;
  check(code_of("KERNEL(x, Missing) {}", "-DOFFSET=1", log).empty() && log.find("Missing") != std::string::npos &&
            log.find("test.cu:1") != std::string::npos, "a text that does not compile gives a log");
  const std::vector<char> code = code_of(text, "-DOFFSET=3", log);
  void *module, *scale, *stray;
  char said[200] = "";
  int options[] = {5, 6};
  void *values[] = {said, (void *)sizeof said};
  check(cuModuleLoadDataEx(&module, "no code at all and long enough to be looked at, or so one hopes", 2, options,
                           values) == 200 && said[0], "what is no code is refused");
  need(cuModuleLoadDataEx(&module, code.data(), 0, nullptr, nullptr), "loading");
  check(cuModuleGetFunction(&scale, module, "skale") == 500, "no such kernel");
  need(cuModuleGetFunction(&scale, module, "scale"), "a kernel");
  need(cuModuleGetFunction(&stray, module, "stray"), "a kernel");
  size_t offset = 1, bytes = 0;
  check(cuFuncGetParamInfo(scale, 0, &offset, &bytes) == 0 && offset == 0 && bytes == 24, "its arguments");

  // Memory.
  size_t before, after, total;
  cuMemGetInfo_v2(&before, &total);
  const uint64_t x = allocate(1000);
  cuMemGetInfo_v2(&after, &total);
  check(before - after >= 4000, "memory is counted");
  check(cuMemAlloc_v2(&none, total + 1) == 2, "out of memory");
  check(std::isnan(read(x, 1000)[567]), "fresh memory is NaN");
  uint64_t large;
  need(cuMemAlloc_v2(&large, size_t(1) << 30), "a large allocation");
  check(std::isnan(read(large + 999 * 1000 * 1000, 1)[0]), "fresh large memory is NaN");
  check(is_protected(x) && is_protected(large), "the host cannot read the card's memory");
  need(cuMemFree_v2(large), "freeing");
  check(cuMemFree_v2(x + 4) == 1, "freeing what is none");
  check(cuMemcpyAsync(x, address_of(said), 4004, stream) == 1, "copying past the end");

  // Work waits for someone to wait.
  std::vector<float> ones(1000, 1.f);
  need(cuMemcpyAsync(x, address_of(ones.data()), 4000, stream), "copying");
  ones.assign(1000, 77.f);
  float *pinned;
  need(cuMemHostAlloc((void **)&pinned, 4000, 3), "pinning");
  need(launch(scale, 16, 64, {x, 1000, 2}), "launching");
  need(cuMemcpyAsync(address_of(pinned), x, 4000, stream), "copying to pinned memory");
  check(std::isnan(pinned[0]), "nothing runs before someone waits");
  need(cuStreamSynchronize(stream), "waiting");
  bool holds = true;
  for (int i = 0; i < 1000; i++) holds &= pinned[i] == 5;
  check(holds, "everything ran, with the arguments and the memory of the time of the call");

  // Wrong launches.
  check(launch(scale, 1, 1025, {x, 1000, 2}) == 1, "too many threads");
  check(launch(scale, 1, 65, {x, 1000, 2}) == 701, "more threads than the kernel is made for");
  check(launch(scale, 0, 64, {x, 1000, 2}) == 1, "no blocks");
  check(launch(nullptr, 1, 64, {x, 1000, 2}) == 400, "no kernel");
  check(launch(scale, 1, 64, {x, 1000, 2}, 50000) == 1, "too much shared memory");
  need(cuFuncSetAttribute(scale, 8, 50000), "asking for more");
  check(cuFuncSetAttribute(scale, 8, 300000) == 1, "asking for more than there is");
  check(launch(scale, 1, 64, {x, 0, 2}, 50000) == 0, "shared memory that was asked for");

  // Streams and events.
  uintptr_t other;
  void *event, *start;
  need(cuStreamCreate(&other, 1), "another stream");
  need(cuEventCreate(&event, 0), "an event");
  need(cuEventCreate(&start, 0), "an event");
  need(cuEventRecord(start, stream), "recording");
  need(cuMemsetD32Async(x, 0x40000000, 1000, stream), "filling");
  need(cuEventRecord(event, stream), "recording");
  need(cuMemcpyAsync(address_of(pinned), x, 4, other), "copying");
  need(cuStreamSynchronize(other), "waiting");
  check(pinned[0] == 5, "streams do not wait for each other by themselves");
  need(cuStreamWaitEvent(other, event, 0), "waiting for the event");
  need(cuMemcpyAsync(address_of(pinned), x, 4, other), "copying");
  need(cuStreamSynchronize(other), "waiting");
  check(pinned[0] == 2, "a stream waits for an event");
  float time = -1;
  check(cuEventElapsedTime(&time, start, event) == 0 && time >= 0, "time between events");
  need(cuMemsetD32Async(x, 0, 1000, stream), "filling");
  need(cuEventRecord(event, stream), "recording");
  check(cuEventQuery(event) == 600, "an event is not reached at once");
  int asked = 0;
  while (cuEventQuery(event) == 600 && asked++ < 100) {}
  check(asked < 100, "but it is in the end");

  // Graphs.
  void *graph, *executable;
  need(cuStreamBeginCapture_v2(stream, 2), "recording");
  need(launch(scale, 16, 64, {x, 1000, 1}), "launching");
  check(cuStreamSynchronize(stream) == 900, "no waiting while recording");
  check(cuStreamEndCapture(stream, &graph) == 901, "which breaks the graph");
  need(cuStreamBeginCapture_v2(stream, 2), "recording");
  need(launch(scale, 16, 64, {x, 1000, 1}), "launching");
  need(cuStreamEndCapture(stream, &graph), "a graph");
  need(cuGraphInstantiateWithFlags(&executable, graph, 0), "making it executable");
  check(read(x, 1)[0] == 0, "recorded work does not run");
  for (int i = 0; i < 3; i++) need(cuGraphLaunch(executable, stream), "launching a graph");
  check(read(x, 1)[0] == 9, "a graph ran three times");
  need(cuGraphExecDestroy(executable), "ending it");
  need(cuGraphDestroy(graph), "ending it");

  test_products(random);

  // Errors stay, on that card.
  need(cuDevicePrimaryCtxRetain(&second, 1), "the second card");
  need(cuCtxSetCurrent(second), "setting");
  uintptr_t first_stream = stream;
  need(cuStreamCreate(&stream, 1), "a stream");
  if (!freopen("/dev/null", "w", stderr)) return 1;
  // What a kernel does wrong on the second card, which is then opened again.
  const auto error_of = [&](const char *name, Arguments arguments, int expected) {
    void *function;
    need(cuModuleGetFunction(&function, module, name), "a kernel");
    const bool is_launched = launch(function, 1, 1, arguments) == 0;
    const int code = cuStreamSynchronize(stream);
    const bool stays = cuMemAlloc_v2(&none, 4) == expected;
    const char *explanation = nullptr;
    cuGetErrorString(expected, &explanation);
    const std::string result = is_launched && code == expected && stays && explanation ? explanation : "no such error";
    need(cuDevicePrimaryCtxRelease_v2(1), "releasing");
    need(cuDevicePrimaryCtxRetain(&second, 1), "retaining again");
    need(cuStreamCreate(&stream, 1), "a stream");
    return result;
  };
  const std::string past = error_of("stray", {allocate(64), 64, 0}, 700);
  const std::string host = error_of("scale", {address_of(ones.data()), 64, 0}, 700);
  const std::string crooked = error_of("crooked", {allocate(64), 1, 0}, 716);
  const std::string outside = error_of("outside", {allocate(64), 8, 0}, 719);
  cuDevicePrimaryCtxRelease_v2(1);
  stderr = stdout;
  const auto says = [](const std::string &text, const char *part) { return text.find(part) != std::string::npos; };
  check(says(past, "kernel stray, block (0, 0, 0), thread (0, 0, 0)") && says(past, "past the end"),
        "a write past the end is an illegal address");
  check(says(host, "is an address of the host's memory"), "the host's memory is none of the card's");
  check(says(crooked, "not a multiple of the alignment"), "a misaligned address");
  check(says(outside, "an index outside of an array"), "an index outside of an array in shared memory");
  stream = first_stream;
  need(cuCtxSetCurrent(context), "the first card");
  check(read(x, 1)[0] == 9, "the first card works");
  need(cuMemFreeHost(pinned), "freeing");
  need(cuMemFree_v2(x), "freeing");
  need(cuModuleUnload(module), "unloading");
  need(cuStreamDestroy_v2(other), "ending");
  need(cuEventDestroy_v2(event), "ending");
  check(cuEventDestroy_v2(event) == 400, "ending twice");
  if (!failures) puts("driver.cpp: all holds");
  return failures != 0;
}
