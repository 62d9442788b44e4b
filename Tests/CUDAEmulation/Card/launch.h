// Runs a kernel's blocks, thread by thread.
#pragma once
#include "../Prelude/card.h"

#include <cstddef>
#include <string>

struct Kernel {
  std::string name;
  void (*entry)(const void *arguments);
  size_t argument_bytes;
  unsigned most_threads;
  // Where the module's __shared__ arrays are.
  unsigned char *shared;
  size_t shared_bytes;
};

extern EmulatedCard card;

// Runs all blocks to the end. Returns false, with what went wrong, where threads do not meet at a barrier, a collective
// is wrong, or an address is not to be touched.
bool run_launch(const Kernel &kernel, EmulatedIndex grid, EmulatedIndex block, size_t dynamic_bytes,
                const void *arguments, std::string &error);

// "kernel NAME, block (x, y, z), thread (x, y, z)" of what runs now; empty between launches.
std::string running_place();

// Leaves the running launch with an error from inside of a kernel, also from a signal handler. Does not return there.
[[noreturn]] void leave_launch(const std::string &what);
