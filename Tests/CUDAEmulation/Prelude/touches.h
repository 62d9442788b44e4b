// Where races are looked for, clang calls these before each access to memory. Atomic operations are none.
#pragma once

#define EMULATED_UNTOUCHED __attribute__((noinline, no_sanitize("coverage")))

inline EMULATED_UNTOUCHED void emulated_touch(const void *address, unsigned bytes, bool writes) {
  if (apus_card->touch) apus_card->touch(address, bytes, writes);
}

#define EMULATED_TOUCH(T, bytes)                                                       \
  extern "C" __attribute__((no_sanitize("coverage"))) void                             \
  __sanitizer_cov_load##bytes(T *address) { emulated_touch(address, bytes, false); }   \
  extern "C" __attribute__((no_sanitize("coverage"))) void                             \
  __sanitizer_cov_store##bytes(T *address) { emulated_touch(address, bytes, true); }
#ifdef APUS_EMULATED_RACES
EMULATED_TOUCH(unsigned char, 1)
EMULATED_TOUCH(unsigned short, 2)
EMULATED_TOUCH(unsigned, 4)
EMULATED_TOUCH(unsigned long long, 8)
EMULATED_TOUCH(unsigned __int128, 16)
#endif
#undef EMULATED_TOUCH
