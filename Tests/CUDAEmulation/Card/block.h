// The block that runs: its threads, warps and barriers.
#pragma once
#include "launch.h"

#include <cstdint>
#include <vector>

struct Stack;

// A kernel tried by itself has names of its own.
namespace running {

struct Copy {
  void *to;
  const void *from;
  unsigned bytes, size, group;
};

struct Thread {
  EmulatedIndex index;
  unsigned linear;
  bool is_done;
  // Where it waits, and that it waits: a barrier's number or a collective's name.
  const char *waits_at;
  void *place;
  Stack *stack;
  Thread *next;
  std::vector<Copy> copies;
  unsigned open_group;
};

struct Barrier {
  unsigned arrived = 0, threads = 0;
  Thread *first = nullptr, *last = nullptr;
};

// A collective of one set of lanes; a warp may have several.
struct Meeting {
  unsigned lanes, arrived;
  const char *name;
  void *items[32];
  Thread *threads[32];
};

struct Warp {
  unsigned existing, syncs;
  std::vector<Meeting> meetings;
};

extern const Kernel *kernel;
extern std::vector<Thread> threads;
extern std::vector<Warp> warps;
// The thread that runs; null between blocks.
extern Thread *current;
// Blocks run so far, of all launches.
extern unsigned long long blocks_run;
// What orders accesses to memory, for races.
extern uint32_t launch_number, block_number, barriers_passed;

constexpr size_t most_dynamic = 256 << 10;
// Dynamic shared memory, which ends at a page that nobody may touch.
unsigned char *dynamic_memory(size_t bytes);

// The running thread's asynchronous copies.
void copy_async(void *shared, const void *global, unsigned bytes, unsigned size);
void commit_copies();
void wait_copies(unsigned groups);
// It touches memory: a race is an error, or told.
void touch(const void *address, unsigned bytes, bool writes);

}  // namespace running
