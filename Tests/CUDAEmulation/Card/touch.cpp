#include "block.h"
#include "memory.h"
#include "races.h"

#include <cstdio>
#include <cstdlib>
#include <map>

namespace running {

void touch(const void *address, unsigned bytes, bool writes) {
  Shadow *shadow = shadow_of(address, bytes);
  if (!shadow || !current) return;
  const unsigned char *place = static_cast<const unsigned char *>(address);
  const bool is_static = place >= kernel->shared && place < kernel->shared + kernel->shared_bytes;
  const bool is_own = is_static || (place >= dynamic_memory(most_dynamic) && place < dynamic_memory(0));
  const Toucher now = {is_own ? (uint32_t)blocks_run : launch_number, is_own ? 0 : block_number, barriers_passed,
                       warps[current->linear >> 5].syncs, (uint16_t)current->linear};
  std::string before;
  for (unsigned i = 0; i < bytes; i++) {
    std::string other = race_at(shadow[i], now, writes);
    if (before.empty()) before = other;
  }
  if (before.empty()) return;
  const std::string where =
      is_static ? "byte " + std::to_string(place - kernel->shared) + " of static shared memory"
      : is_own  ? "byte " + std::to_string(place - card.dynamic_shared) + " of dynamic shared memory"
                : guarded_place(address);
  const std::string what = std::string(writes ? "writes " : "reads ") + std::to_string(bytes) + " bytes that " + before +
                           ", with nothing between that orders them: " + where;
  if (getenv("APUS_EMULATED_RACES") != std::string("report")) leave_launch(what);
  static std::map<std::string, int> told;
  if (told[kernel->name]++ < 3) fprintf(stderr, "race: %s: %s\n", running_place().c_str(), what.c_str());
}

}  // namespace running
