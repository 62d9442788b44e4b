#include "memory.h"

#include "races.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr size_t page = 4096;

struct Allocation {
  size_t bytes, mapped;  // without the two guards
};

// By address.
std::map<uintptr_t, Allocation> allocations;
// Those given back last: their addresses stay reserved, so that a late use is found.
std::deque<std::pair<uintptr_t, Allocation>> former;
constexpr size_t most_former = 256;
bool is_open_now = true;

size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }
unsigned char *pages(uintptr_t address) { return reinterpret_cast<unsigned char *>(address & ~(page - 1)); }

std::map<uintptr_t, Allocation>::iterator at_or_before(const void *address) {
  auto next = allocations.upper_bound(reinterpret_cast<uintptr_t>(address));
  return next == allocations.begin() ? allocations.end() : std::prev(next);
}

// Ones without taking memory: large allocations are copies of one file that change where they are written.
bool fill_large(unsigned char *first, size_t bytes) {
  static constexpr size_t part = 4 << 20;
  static int file = -1;
  if (file < 0) {
    file = memfd_create("ones", MFD_CLOEXEC);
    void *ones = MAP_FAILED;
    if (file >= 0 && ftruncate(file, part) == 0)
      ones = mmap(nullptr, part, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (ones == MAP_FAILED) return false;
    memset(ones, 0xff, part);
    munmap(ones, part);
  }
  for (size_t i = 0; i < bytes; i += part) {
    const size_t count = bytes - i < part ? bytes - i : part;
    if (mmap(first + i, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED) return false;
  }
  return true;
}

}  // namespace

void *take_guarded(size_t bytes) {
  const size_t whole = rounded(bytes ? bytes : 1, 256), mapped = rounded(whole, page);
  void *memory = mmap(nullptr, mapped + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  unsigned char *first = static_cast<unsigned char *>(memory) + page, *start = first + mapped - whole;
  const bool is_large = mapped >= 8 << 20;
  if (is_large ? !fill_large(first, mapped) : mprotect(first, mapped, PROT_READ | PROT_WRITE) != 0) {
    munmap(memory, mapped + 2 * page);
    return nullptr;
  }
  if (!is_large) memset(first, 0xff, mapped);
  if (!is_open_now) mprotect(first, mapped, PROT_NONE);
  allocations[reinterpret_cast<uintptr_t>(start)] = {bytes, mapped};
  if (finds_races()) shadow_memory(start, bytes);
  return start;
}

void give_guarded(void *memory, bool *is_whole) {
  auto found = allocations.find(reinterpret_cast<uintptr_t>(memory));
  *is_whole = false;
  if (found == allocations.end()) return;
  const Allocation allocation = found->second;
  unsigned char *first = pages(found->first), *end = first + allocation.mapped;
  if (!is_open_now) mprotect(first, allocation.mapped, PROT_READ);
  *is_whole = true;
  unsigned char *start = static_cast<unsigned char *>(memory);
  for (unsigned char *p = start + allocation.bytes; p < end; p++) *is_whole &= *p == 0xff;
  for (unsigned char *p = first; p < start; p++) *is_whole &= *p == 0xff;
  allocations.erase(found);
  forget_memory(memory);
  mmap(first, allocation.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  former.push_back({reinterpret_cast<uintptr_t>(memory), allocation});
  if (former.size() <= most_former) return;
  munmap(pages(former.front().first) - page, former.front().second.mapped + 2 * page);
  former.pop_front();
}

size_t guarded_bytes(const void *memory) {
  auto found = allocations.find(reinterpret_cast<uintptr_t>(memory));
  return found == allocations.end() ? 0 : found->second.bytes;
}

bool is_guarded(const void *address, size_t bytes) {
  auto found = at_or_before(address);
  if (found == allocations.end()) return false;
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - found->first;
  return offset <= found->second.bytes && bytes <= found->second.bytes - offset;
}

std::string guarded_place(const void *address) {
  const uintptr_t a = reinterpret_cast<uintptr_t>(address);
  char text[160];
  for (const auto &[start, allocation] : former)
    if (a - start < allocation.bytes) {
      snprintf(text, sizeof text, "byte %" PRIuPTR " of %zu bytes of device memory that were freed", a - start,
               allocation.bytes);
      return text;
    }
  auto before = at_or_before(address), after = allocations.upper_bound(a);
  if (before != allocations.end()) {
    const uintptr_t offset = a - before->first;
    if (offset < before->second.bytes) {
      snprintf(text, sizeof text, "byte %" PRIuPTR " of %zu bytes of device memory", offset, before->second.bytes);
      return text;
    }
    if (offset - before->second.bytes < 1 << 20) {
      snprintf(text, sizeof text, "%" PRIuPTR " bytes past the end of %zu bytes of device memory",
               offset - before->second.bytes, before->second.bytes);
      return text;
    }
  }
  if (after != allocations.end() && after->first - a < 1 << 20) {
    snprintf(text, sizeof text, "%" PRIuPTR " bytes before %zu bytes of device memory", after->first - a,
             after->second.bytes);
    return text;
  }
  return "";
}

void open_guarded(bool is_open) {
  if (is_open == is_open_now) return;
  is_open_now = is_open;
  for (const auto &[address, allocation] : allocations)
    mprotect(pages(address), allocation.mapped, is_open ? PROT_READ | PROT_WRITE : PROT_NONE);
}
