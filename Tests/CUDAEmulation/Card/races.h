// Finds threads that touch the same memory, one of them writing, with nothing between that orders them: a barrier of
// the block, or __syncwarp within a warp. Blocks are never ordered. Only where APUS_EMULATED_RACES is set.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

// Who touches memory.
struct Toucher {
  uint32_t launch;         // number of the launch; of the block, for memory that only it has
  uint32_t block;          // its number in the launch; 0 for memory that only it has
  uint32_t barriers;       // how many it has passed
  uint32_t warp_barriers;  // how often its warp has met at __syncwarp
  uint16_t thread;
};

bool finds_races();

// What is known of a byte.
struct Shadow {
  Toucher writer, reader;
  // Since the reader's barrier others of its warp have read it too; others of its block; others of the launch.
  bool by_warp, by_block, by_launch;
};

// "thread 3 of block 7 wrote" where that and this access to a byte are a race, else empty.
std::string race_at(Shadow &shadow, const Toucher &now, bool writes);

// What is known of memory, byte by byte; null where nothing was told of it.
Shadow *shadow_of(const void *address, size_t bytes);
// Tells of memory, and that it is no more.
void shadow_memory(const void *address, size_t bytes);
void forget_memory(const void *address);
