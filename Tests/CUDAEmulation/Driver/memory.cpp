// The card's memory, pinned memory, copies and fills.
#include "../Card/memory.h"
#include "state.h"

#include <cstdlib>
#include <cstring>
#include <map>

namespace {

std::map<uintptr_t, std::pair<Context *, size_t>> owners;
// Pinned memory of the host by address.
std::map<uintptr_t, size_t> pinned;

bool is_device(uintptr_t address, size_t bytes) {
  return is_guarded(reinterpret_cast<const void *>(address), bytes);
}

bool is_pinned(uintptr_t address, size_t bytes) {
  auto next = pinned.upper_bound(address);
  if (next == pinned.begin()) return false;
  auto found = std::prev(next);
  return address - found->first <= found->second && bytes <= found->second - (address - found->first);
}

// Begins in the card's memory but does not end in the same allocation.
bool leaves_device(uintptr_t address, size_t bytes) { return is_device(address, 1) && !is_device(address, bytes); }

size_t counted(size_t bytes) { return (bytes + 511) / 512 * 512; }

}  // namespace

bool is_card_address(uintptr_t address) { return is_device(address, 0) || is_pinned(address, 0); }

void release_memory(Context *context) {
  for (auto owner = owners.begin(); owner != owners.end();) {
    if (owner->second.first != context) {
      ++owner;
      continue;
    }
    bool is_whole;
    give_guarded(reinterpret_cast<void *>(owner->first), &is_whole);
    owner = owners.erase(owner);
  }
  context->used_bytes = 0;
}

EXPORT Result cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!bytes) return invalid_value;
  const size_t most = context->bytes();
  if (bytes > most || counted(bytes) > most || context->used_bytes > most - counted(bytes)) return out_of_memory;
  // Nothing runs now: nobody may touch it.
  open_guarded(false);
  void *memory = take_guarded(bytes);
  if (!memory) return out_of_memory;
  *address = reinterpret_cast<uintptr_t>(memory);
  owners[*address] = {context, counted(bytes)};
  context->used_bytes += counted(bytes);
  return success;
}

EXPORT Result cuMemFree_v2(uint64_t address) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!address) return success;
  auto found = owners.find(address);
  if (found == owners.end()) return invalid_value;
  // As on a card, what was begun may still use it.
  Context *owner = found->second.first;
  Result error = run_all(owner);
  owner->used_bytes -= found->second.second;
  owners.erase(found);
  bool is_whole;
  give_guarded(reinterpret_cast<void *>(address), &is_whole);
  if (!is_whole) fail_work(owner, illegal_address, "something was written just outside of memory that is freed now");
  return error ? error : owner->error;
}

EXPORT Result cuMemGetInfo_v2(size_t *free, size_t *total) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  *total = context->bytes();
  *free = *total > context->used_bytes ? *total - context->used_bytes : 0;
  return success;
}

EXPORT Result cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!bytes) return invalid_value;
  if (posix_memalign(memory, 4096, bytes)) return out_of_memory;
  memset(*memory, 0xff, bytes);
  pinned[reinterpret_cast<uintptr_t>(*memory)] = bytes;
  return success;
}

EXPORT Result cuMemFreeHost(void *memory) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!pinned.count(reinterpret_cast<uintptr_t>(memory))) return invalid_value;
  const Result error = run_all(context);
  pinned.erase(reinterpret_cast<uintptr_t>(memory));
  free(memory);
  return error;
}

EXPORT Result cuMemcpyAsync(uint64_t to, uint64_t from, size_t bytes, uintptr_t handle) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  Stream *stream = stream_of(context, handle);
  if (!stream) return invalid_handle;
  if (!bytes) return success;
  if (!to || !from || leaves_device(to, bytes) || leaves_device(from, bytes)) return invalid_value;
  void *target = reinterpret_cast<void *>(to);
  const void *source = reinterpret_cast<const void *>(from);
  const bool to_card = is_device(to, bytes), from_card = is_device(from, bytes);
  if (!from_card && !is_pinned(from, bytes) && !stream->recording) {
    // Ordinary memory of the host is read before the call returns.
    const char *first = static_cast<const char *>(source);
    auto kept = std::make_shared<std::vector<char>>(first, first + bytes);
    if (Result error = enqueue(stream, [=] { memmove(target, kept->data(), bytes); })) return error;
  } else if (Result error = enqueue(stream, [=] { memmove(target, source, bytes); })) {
    return error;
  }
  // And written before.
  if (!to_card && !is_pinned(to, bytes) && !stream->recording) return run(stream);
  return success;
}

template <class E> static Result fill(uint64_t address, E value, size_t count, uintptr_t handle) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!count) return success;
  if (address % sizeof(E) || (!is_device(address, count * sizeof(E)) && !is_pinned(address, count * sizeof(E))))
    return invalid_value;
  return enqueue(stream_of(context, handle), [=] {
    E *to = reinterpret_cast<E *>(address);
    for (size_t i = 0; i < count; i++) to[i] = value;
  });
}

EXPORT Result cuMemsetD8Async(uint64_t address, unsigned char value, size_t count, uintptr_t stream) {
  return fill(address, value, count, stream);
}
EXPORT Result cuMemsetD32Async(uint64_t address, unsigned value, size_t count, uintptr_t stream) {
  return fill(address, value, count, stream);
}
