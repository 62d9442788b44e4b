// What kernel text compiled for the CPU and the emulated card that runs it know of each other.
#pragma once

struct EmulatedIndex {
  unsigned x, y, z;
};

// The work of a warp's collective, done once, by the lane that arrives last: `items[lane]` is what that lane brought.
// Lanes outside of `lanes` brought nothing.
typedef void EmulatedWork(void **items, unsigned lanes);

struct EmulatedCard {
  // Of the thread that runs now.
  EmulatedIndex threadIdx;
  unsigned lane;
  // Of the launch.
  EmulatedIndex blockIdx, blockDim, gridDim;
  unsigned char *dynamic_shared;

  // Waits until `threads` threads (0: all of the block) have reached barrier `number`.
  void (*barrier)(unsigned number, unsigned threads);
  // Waits until every lane of `lanes` is here with its item and `work` has been done on them.
  void (*collective)(unsigned lanes, const char *name, void *item, EmulatedWork *work);
  // Lets the others run; for loops that wait for memory to change.
  void (*yield)();
  // Ends the launch with an error.
  void (*fail)(const char *message);

  // The running thread's asynchronous copies into shared memory.
  void (*copy_async)(void *shared, const void *global, unsigned bytes, unsigned size);
  void (*commit_copies)();
  void (*wait_copies)(unsigned groups);

  // Tells that the running thread reads or writes memory; null unless races are looked for.
  void (*touch)(const void *address, unsigned bytes, bool writes);

  EmulatedWork *mma_m16n8k16_bf16, *mma_m16n8k8_tf32, *load_matrix;
};

// Each kernel's library has one; who loads it sets it.
extern "C" EmulatedCard *apus_card;
