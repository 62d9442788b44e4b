// Pointers that become pointers to something else: a card faults on an address that is not aligned for what is read or
// written there, which this processor may not. Kernel text is compiled with `reinterpret_cast` being `emulated_cast`.
#pragma once

template <class E> struct EmulatedPointee {
  static constexpr unsigned long long alignment = 1;
};
template <class E> struct EmulatedPointee<E *> {
  static constexpr unsigned long long alignment = alignof(E);
};
template <> struct EmulatedPointee<void *> : EmulatedPointee<char> {};
template <> struct EmulatedPointee<const void *> : EmulatedPointee<char> {};

// Structs of 16 bytes are mostly moved whole where they are cast, of which clang tells nothing.
template <class E> inline void emulated_touch_cast(E *to) {
  if constexpr (__is_class(E) && sizeof(E) == 16) emulated_touch(to, sizeof(E), true);
}
template <class E> inline void emulated_touch_cast(const E *to) {
  if constexpr (__is_class(E) && sizeof(E) == 16) emulated_touch(to, sizeof(E), false);
}

template <class To, class From> inline To emulated_cast(From &&from) {
  if constexpr (EmulatedPointee<To>::alignment > 1) {
    const To to = reinterpret_cast<To>(from);
    if (reinterpret_cast<unsigned long long>(to) % EmulatedPointee<To>::alignment)
      apus_card->fail("an address that is not a multiple of the alignment of what it is cast to");
#ifdef APUS_EMULATED_RACES
    emulated_touch_cast(to);
#endif
    return to;
  } else {
    return reinterpret_cast<To>(from);
  }
}
