// Dynamic shared memory, and what arrives in shared memory later.
#include "block.h"

#include <cstring>
#include <sys/mman.h>

namespace running {

unsigned char *dynamic_memory(size_t bytes) {
  static constexpr size_t most = most_dynamic;
  static unsigned char *memory = nullptr;
  if (!memory) {
    memory = static_cast<unsigned char *>(
        mmap(nullptr, most + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    mprotect(memory + most, 4096, PROT_NONE);
  }
  // A multiple of 128 at least, and of 1024 where the size is one.
  return memory + most - (bytes + 127) / 128 * 128;
}

void copy_async(void *shared, const void *global, unsigned bytes, unsigned size) {
  const uintptr_t addresses = reinterpret_cast<uintptr_t>(shared) | (bytes ? reinterpret_cast<uintptr_t>(global) : 0);
  if ((size != 4 && size != 8 && size != 16) || bytes > size || addresses & (size - 1))
    leave_launch("cp.async of " + std::to_string(bytes) + " of " + std::to_string(size) +
                 " bytes, from or to an address that is not a multiple of that");
  if (card.touch) {
    if (bytes) card.touch(global, bytes, false);
    card.touch(shared, size, true);
  }
  memset(shared, 0xff, size);
  current->copies.push_back({shared, global, bytes, size, current->open_group});
}

void commit_copies() { current->open_group++; }

void wait_copies(unsigned groups) {
  std::vector<Copy> &copies = current->copies;
  size_t finished = 0;
  for (; finished < copies.size() && copies[finished].group + groups < current->open_group; finished++) {
    const Copy &copy = copies[finished];
    unsigned char bytes[16] = {};
    memcpy(bytes, copy.from, copy.bytes);
    memcpy(copy.to, bytes, copy.size);
  }
  copies.erase(copies.begin(), copies.begin() + finished);
}

}  // namespace running
