#include "races.h"

#include <cstdlib>
#include <map>
#include <sys/mman.h>

namespace {

struct Shadowed {
  size_t bytes;
  Shadow *shadows;
};
std::map<uintptr_t, Shadowed> memories;

bool same_block(const Toucher &a, const Toucher &b) { return a.launch == b.launch && a.block == b.block; }
bool same_phase(const Toucher &a, const Toucher &b) { return same_block(a, b) && a.barriers == b.barriers; }
bool same_warp(const Toucher &a, const Toucher &b) { return a.thread / 32 == b.thread / 32; }

// Whether nothing orders two of the same launch.
bool clash(const Toucher &before, const Toucher &now) {
  if (before.launch != now.launch) return false;
  if (before.block != now.block) return true;
  if (before.thread == now.thread || before.barriers != now.barriers) return false;
  return !same_warp(before, now) || before.warp_barriers == now.warp_barriers;
}

std::string text(const Toucher &who, const char *what) {
  const std::string block = who.block ? " of block " + std::to_string(who.block - 1) : "";
  return "thread " + std::to_string(who.thread) + block + " " + what;
}

void note_reader(Shadow &shadow, const Toucher &now) {
  const Toucher &before = shadow.reader;
  const bool is_first = before.launch != now.launch;
  const bool phase = !is_first && same_phase(before, now);
  shadow.by_launch = !is_first && (shadow.by_launch || before.block != now.block);
  shadow.by_block = phase && (shadow.by_block || !same_warp(before, now));
  shadow.by_warp = phase && same_warp(before, now) && before.warp_barriers == now.warp_barriers &&
                   (shadow.by_warp || before.thread != now.thread);
  shadow.reader = now;
}

}  // namespace

bool finds_races() {
  static const bool is_set = [] {
    const char *text = getenv("APUS_EMULATED_RACES");
    return text && *text && *text != '0';
  }();
  return is_set;
}

std::string race_at(Shadow &shadow, const Toucher &now, bool writes) {
  std::string result;
  if (clash(shadow.writer, now)) {
    result = text(shadow.writer, "wrote");
  } else if (writes && shadow.reader.launch == now.launch) {
    const bool phase = same_phase(shadow.reader, now);
    if (clash(shadow.reader, now) || shadow.by_launch || (phase && shadow.by_block) ||
        (phase && shadow.by_warp && same_warp(shadow.reader, now) &&
         shadow.reader.warp_barriers == now.warp_barriers))
      result = text(shadow.reader, "read");
  }
  if (writes) shadow.writer = now;
  else note_reader(shadow, now);
  return result;
}

void shadow_memory(const void *address, size_t bytes) {
  void *shadows = mmap(nullptr, bytes * sizeof(Shadow), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (shadows != MAP_FAILED)
    memories[reinterpret_cast<uintptr_t>(address)] = {bytes, static_cast<Shadow *>(shadows)};
}

void forget_memory(const void *address) {
  auto found = memories.find(reinterpret_cast<uintptr_t>(address));
  if (found == memories.end()) return;
  munmap(found->second.shadows, found->second.bytes * sizeof(Shadow));
  memories.erase(found);
}

Shadow *shadow_of(const void *address, size_t bytes) {
  auto next = memories.upper_bound(reinterpret_cast<uintptr_t>(address));
  if (next == memories.begin()) return nullptr;
  const auto &found = *std::prev(next);
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - found.first;
  return offset + bytes <= found.second.bytes ? found.second.shadows + offset : nullptr;
}
