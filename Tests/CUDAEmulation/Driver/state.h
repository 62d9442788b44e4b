// What the emulated driver knows. Everything is used under one lock, and work runs on the thread that waits for it.
#pragma once
#include "../Card/launch.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

// CUresult, as far as it occurs.
enum Result : int {
  success = 0, invalid_value = 1, out_of_memory = 2, not_initialized = 3, invalid_device = 101, invalid_image = 200,
  invalid_context = 201, no_binary = 209, invalid_handle = 400, not_found = 500, not_ready = 600,
  illegal_address = 700, out_of_resources = 701, misaligned_address = 716, launch_failed = 719,
  capture_unsupported = 900, capture_invalidated = 901, capture_unmatched = 903,
};

using Work = std::function<void()>;

struct Stream;

// A place in a stream's queue.
struct Mark {
  Stream *stream;
  bool is_reached;
  double time;
};

struct Item {
  Work work;
  std::shared_ptr<Mark> mark;
};

struct Graph {
  std::vector<Work> works;
};

struct Context;

struct Stream {
  Context *context;
  std::deque<Item> queue;
  // While a graph is recorded.
  std::unique_ptr<Graph> recording;
  bool is_broken = false;
};

struct Event {
  bool is_timed;
  std::shared_ptr<Mark> mark;
};

struct Module {
  void *library;
  unsigned char *shared;
  size_t shared_bytes;
  std::vector<std::unique_ptr<struct Function>> functions;
};

struct Function {
  Kernel kernel;
  unsigned most_dynamic_bytes;
  Module *module;
};

// One for each card.
struct Context {
  int references = 0;
  // What went wrong in queued work; every later call returns it.
  Result error = success;
  size_t used_bytes = 0;
  Stream null_stream;
  std::set<Stream *> streams;

  size_t bytes() const;
};

struct Handles {
  std::set<Event *> events;
  std::set<Module *> modules;
  std::set<Function *> functions;
  std::set<Graph *> graphs;
};

constexpr int card_count = 2;
extern Context contexts[card_count];
extern Handles handles;
extern bool is_initialized;
extern std::recursive_mutex lock;

// The calling thread's context with its error; every call begins so.
Result enter(Context *&context);

// The stream of a handle; null where there is none.
Stream *stream_of(Context *context, uintptr_t handle);

// Puts work behind what the stream holds, or into the graph that it records.
Result enqueue(Stream *stream, Work work);

// Runs what a stream holds, up to a mark or all of it, and what that waits for in other streams.
Result run(Stream *stream, const Mark *until = nullptr);
// Runs what all streams of a card hold.
Result run_all(Context *context);

// For work that goes wrong: the card's other work is dropped.
void fail_work(Context *context, Result error, const std::string &what);
// Frees all memory of a card.
void release_memory(Context *context);
// Whether an address lies in a card's memory or in pinned memory.
bool is_card_address(uintptr_t address);
// Bytes of a card's memory.
size_t card_bytes(int card);
