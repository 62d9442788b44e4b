// What Card/ promises of blocks and warps. Ends with 0 where all of it holds.
static int failures;

static void check(bool holds, const char *what) {
  if (holds) return;
  failures++;
  fprintf(stderr, "block.cpp: %s\n", what);
}

template <class Arguments>
static std::string error_of(void (*entry)(const void *), const char *name, unsigned grid, unsigned block,
                            size_t shared_bytes, const Arguments &arguments) {
  const Kernel kernel = {name, entry, sizeof arguments, 1024, __start_apus_shared,
                         (size_t)(__stop_apus_shared - __start_apus_shared)};
  std::string error = "none";
  run_launch(kernel, {grid, 1, 1}, {block, 1, 1}, shared_bytes, &arguments, error);
  return error;
}

static bool has(const std::string &text, const char *part) {
  if (text.find(part) != std::string::npos) return true;
  fprintf(stderr, "not in \"%s\": %s\n", text.c_str(), part);
  return false;
}

int main() {
  catch_faults();
  std::mt19937 random(std::random_device{}());
  std::uniform_real_distribution<float> uniform(-1, 1);
  const int n = 4096;
  float *x = device_array<float>(n), *y = device_array<float>(n);
  for (int i = 0; i < n; i++) x[i] = uniform(random);
  const TestArguments arguments = {x, y, 0};

  emulate_launch(tree, 8, 512, 2048, arguments);
  for (int block = 0; block < 8; block++) {
    double sum = 0;
    for (int i = 0; i < 512; i++) sum += x[block * 512 + i];
    check(fabs(y[block] - sum) < 1e-4, "a sum with a barrier in a loop");
  }
  emulate_launch(tree_without_barrier, 2, 512, 2048, arguments);
  int wrong = 0;
  for (int block = 0; block < 2; block++) {
    double sum = 0;
    for (int i = 0; i < 512; i++) sum += x[block * 512 + i];
    wrong += !(fabs(y[block] - sum) < 1e-4);
  }
  check(wrong > 0, "a missing barrier shows");

  emulate_launch(shuffles, 1, 32, 0, arguments);
  const auto row = [&](int r, int lane) { return y[32 * r + lane]; };
  for (int lane = 0; lane < 32; lane++) {
    check(row(0, lane) == x[5], "shfl");
    check(row(1, lane) == x[lane / 8 * 8 + (lane + 3) % 8], "shfl in groups of 8");
    check(row(2, lane) == x[lane ^ 9], "shfl_xor");
    check(row(3, lane) == x[lane < 2 ? lane : lane - 2], "shfl_up");
    check(row(4, lane) == x[lane % 16 + 3 < 16 ? lane + 3 : lane], "shfl_down in groups of 16");
    check(row(5, lane) == 31 - lane, "shfl of 64 bits");
    check(row(6, lane) == 11, "ballot");
    check(row(7, lane) == 2, "any and all");
    check(row(8, lane) == x[lane ^ 1], "half warps by themselves");
    check(row(9, lane) == 31, "reduce_max");
  }

  emulate_launch(atomics, 3, 100, 0, arguments);
  for (int block = 0; block < 3; block++) check(y[block] == 4950, "atomicAdd in shared memory");

  emulate_launch(product_bf16, 1, 32, 0, arguments);
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 8; j++) {
      double sum = 1;
      for (int k = 0; k < 16; k++)
        sum += (double)to_float(from_float<bf16>(x[i * 16 + k])) * to_float(from_float<bf16>(x[256 + k * 8 + j]));
      check(fabs(y[i * 8 + j] - sum) < 1e-5, "mma of bf16 through ldmatrix");
    }
  emulate_launch(product_tf32, 1, 32, 0, arguments);
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 8; j++) {
      double sum = 0, exact = 0;
      for (int k = 0; k < 8; k++) {
        sum += (double)__uint_as_float(emulated_tf32(x[i * 8 + k])) *
               __uint_as_float(emulated_tf32(x[128 + k * 8 + j]));
        exact += (double)x[i * 8 + k] * x[128 + k * 8 + j];
      }
      check(fabs(y[i * 8 + j] - sum) < 1e-5 && fabs(sum - exact) < 8e-3, "mma of tf32");
    }

  for (int waits = 0; waits < 2; waits++) {
    emulate_launch(copies, 1, 32, 0, (TestArguments{x, y, waits}));
    for (int i = 0; i < 256; i++) {
      const float copied = i >= 128 && i % 4 == 3 ? 0 : x[i];
      check(waits && i >= 128 ? std::isnan(y[i]) : y[i] == copied, "cp.async is done when waited for");
    }
  }
  emulate_launch(unwritten_shared, 1, 32, 0, (TestArguments{x, y, 1}));
  check(y[0] == 1, "shared memory");
  emulate_launch(unwritten_shared, 1, 32, 0, arguments);
  check(std::isnan(y[0]), "shared memory is NaN at the start of a block");

  std::string error = error_of(deadlock, "deadlock", 1, 64, 0, arguments);
  check(has(error, "kernel deadlock, block (0, 0, 0)") && has(error, "thread (37, 0, 0) has ended without it"),
        "a barrier that not all reach");
  error = error_of(mixed_collectives, "mixed_collectives", 1, 32, 0, arguments);
  check(has(error, "while another lane of the warp is at"), "lanes at different collectives");
  error = error_of(past_the_end, "past_the_end", 2, 96, 0, (TestArguments{x, y, n - 64}));
  check(has(error, "kernel past_the_end") && has(error, "past the end of 16384 bytes"), "a write past the end");
  error = error_of(endless, "endless", 1, 1, 0, arguments);
  check(has(error, "no other thread changes"), "an endless wait");
  error = error_of(recursion, "recursion", 1, 1, 0, (TestArguments{x, y, 1 << 20}));
  check(has(error, "kernel recursion"), "a stack that overflows");
  // All of them leave a card that works.
  emulate_launch(atomics, 3, 100, 0, arguments);
  check(y[2] == 4950, "a launch after errors");
  free_device_array(x);
  free_device_array(y);
  if (!failures) puts("block.cpp: all holds");
  return failures != 0;
}
