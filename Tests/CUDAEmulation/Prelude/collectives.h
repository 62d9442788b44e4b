// What the threads of a block or warp do together, and integer atomics. A value taken from a lane that is not there is
// all ones (for a float a NaN), since on a card it is undefined.
#pragma once

inline void __syncthreads() { apus_card->barrier(0, 0); }
// Barrier `number` of a block's 16 for `threads` of its threads (PTX bar.sync).
inline void emulated_barrier(unsigned number, unsigned threads) { apus_card->barrier(number, threads); }
inline void emulated_yield() { apus_card->yield(); }
inline void __nanosleep(unsigned) { apus_card->yield(); }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
[[noreturn]] inline void __trap() {
  apus_card->fail("__trap()");
  __builtin_unreachable();
}

inline void __syncwarp(unsigned lanes = 0xffffffffu) { apus_card->collective(lanes, "__syncwarp", nullptr, nullptr); }
// A lane may always find itself alone.
inline unsigned __activemask() { return 1u << apus_card->lane; }

struct EmulatedShuffle {
  unsigned long long value, result;
  int source;
};

inline void emulated_shuffle_work(void **items, unsigned lanes) {
  for (unsigned lane = 0; lane < 32; lane++)
    if (lanes >> lane & 1) {
      EmulatedShuffle *item = static_cast<EmulatedShuffle *>(items[lane]);
      const int source = item->source;
      item->result = lanes >> source & 1 ? static_cast<EmulatedShuffle *>(items[source])->value : ~0ull;
    }
}

template <class E> inline E emulated_shuffle(unsigned lanes, E value, int source) {
  static_assert(sizeof(E) <= 8 && __is_trivially_copyable(E));
  EmulatedShuffle item = {0, 0, source};
  memcpy(&item.value, &value, sizeof value);
  apus_card->collective(lanes, "a shuffle", &item, emulated_shuffle_work);
  memcpy(&value, &item.result, sizeof value);
  return value;
}

template <class E> inline E __shfl_sync(unsigned lanes, E value, int source, int width = 32) {
  const int lane = (int)apus_card->lane, start = lane & ~(width - 1);
  return emulated_shuffle(lanes, value, start + (source & (width - 1)));
}
template <class E> inline E __shfl_xor_sync(unsigned lanes, E value, int mask, int width = 32) {
  const int lane = (int)apus_card->lane, source = lane ^ mask;
  return emulated_shuffle(lanes, value, source >= (lane & ~(width - 1)) + width ? lane : source & 31);
}
template <class E> inline E __shfl_up_sync(unsigned lanes, E value, unsigned delta, int width = 32) {
  const int lane = (int)apus_card->lane, source = lane - (int)delta;
  return emulated_shuffle(lanes, value, source < (lane & ~(width - 1)) ? lane : source);
}
template <class E> inline E __shfl_down_sync(unsigned lanes, E value, unsigned delta, int width = 32) {
  const int lane = (int)apus_card->lane, source = lane + (int)delta;
  return emulated_shuffle(lanes, value, source >= (lane & ~(width - 1)) + width ? lane : source);
}

struct EmulatedVote {
  unsigned value, result;
};

inline void emulated_ballot_work(void **items, unsigned lanes) {
  unsigned result = 0;
  for (unsigned lane = 0; lane < 32; lane++)
    if (lanes >> lane & 1) result |= (unsigned)(static_cast<EmulatedVote *>(items[lane])->value != 0) << lane;
  for (unsigned lane = 0; lane < 32; lane++)
    if (lanes >> lane & 1) static_cast<EmulatedVote *>(items[lane])->result = result;
}
inline unsigned __ballot_sync(unsigned lanes, int predicate) {
  EmulatedVote item = {predicate != 0, 0};
  apus_card->collective(lanes, "a ballot", &item, emulated_ballot_work);
  return item.result;
}
inline int __any_sync(unsigned lanes, int predicate) { return __ballot_sync(lanes, predicate) != 0; }
inline int __all_sync(unsigned lanes, int predicate) { return __ballot_sync(lanes, !predicate) == 0; }

inline void emulated_match_work(void **items, unsigned lanes) {
  for (unsigned lane = 0; lane < 32; lane++)
    if (lanes >> lane & 1) {
      EmulatedShuffle *item = static_cast<EmulatedShuffle *>(items[lane]);
      for (unsigned other = 0; other < 32; other++)
        if (lanes >> other & 1 && static_cast<EmulatedShuffle *>(items[other])->value == item->value)
          item->result |= 1ull << other;
    }
}
template <class E> inline unsigned __match_any_sync(unsigned lanes, E value) {
  EmulatedShuffle item = {0, 0, 0};
  memcpy(&item.value, &value, sizeof value);
  apus_card->collective(lanes, "a match", &item, emulated_match_work);
  return (unsigned)item.result;
}

struct EmulatedReduction {
  long long value, result;
};

template <class E, E combine(E, E)> inline void emulated_reduction_work(void **items, unsigned lanes) {
  const int start = __builtin_ctz(lanes);
  E result = (E) static_cast<EmulatedReduction *>(items[start])->value;
  for (int lane = start + 1; lane < 32; lane++)
    if (lanes >> lane & 1) result = combine(result, (E) static_cast<EmulatedReduction *>(items[lane])->value);
  for (int lane = start; lane < 32; lane++)
    if (lanes >> lane & 1) static_cast<EmulatedReduction *>(items[lane])->result = result;
}
template <class E, E combine(E, E)> inline E emulated_reduction(unsigned lanes, E value) {
  static_assert(sizeof(E) == 4, "int or unsigned");
  EmulatedReduction item = {(long long)value, 0};
  apus_card->collective(lanes, "a reduction", &item, emulated_reduction_work<E, combine>);
  return (E)item.result;
}
template <class E> inline E emulated_sum(E x, E y) { return x + y; }
template <class E> inline E emulated_or(E x, E y) { return x | y; }
template <class E> inline E emulated_and(E x, E y) { return x & y; }
template <class E> inline E emulated_least(E x, E y) { return y < x ? y : x; }
template <class E> inline E emulated_most(E x, E y) { return x < y ? y : x; }
#define EMULATED_REDUCTION(name, combine) \
  template <class E> inline E name(unsigned lanes, E x) { return emulated_reduction<E, combine<E>>(lanes, x); }
EMULATED_REDUCTION(__reduce_add_sync, emulated_sum)
EMULATED_REDUCTION(__reduce_or_sync, emulated_or)
EMULATED_REDUCTION(__reduce_and_sync, emulated_and)
EMULATED_REDUCTION(__reduce_min_sync, emulated_least)
EMULATED_REDUCTION(__reduce_max_sync, emulated_most)
#undef EMULATED_REDUCTION

#define EMULATED_ATOMIC(T, name, expression)    \
  inline EMULATED_UNTOUCHED T name(T *address, T operand) { \
    const T old = *address;                     \
    *address = (expression);                    \
    return old;                                 \
  }
#define EMULATED_ATOMICS(T)                                              \
  EMULATED_ATOMIC(T, atomicMax, old < operand ? operand : old)           \
  EMULATED_ATOMIC(T, atomicMin, operand < old ? operand : old)           \
  EMULATED_ATOMIC(T, atomicOr, old | operand)                            \
  EMULATED_ATOMIC(T, atomicAnd, old & operand)                           \
  EMULATED_ATOMIC(T, atomicXor, old ^ operand)                           \
  EMULATED_ATOMIC(T, atomicExch, operand)                                \
  inline EMULATED_UNTOUCHED T atomicCAS(T *address, T compare, T value) { \
    const T old = *address;                                              \
    if (old == compare) *address = value;                                \
    return old;                                                          \
  }
EMULATED_ATOMICS(int)
EMULATED_ATOMICS(unsigned)
EMULATED_ATOMICS(unsigned long long)
EMULATED_ATOMIC(int, atomicAdd, old + operand)
EMULATED_ATOMIC(unsigned, atomicAdd, old + operand)
EMULATED_ATOMIC(unsigned long long, atomicAdd, old + operand)
EMULATED_ATOMIC(int, atomicSub, old - operand)
EMULATED_ATOMIC(unsigned, atomicSub, old - operand)
EMULATED_ATOMIC(unsigned, atomicInc, old >= operand ? 0 : old + 1)
#undef EMULATED_ATOMICS
#undef EMULATED_ATOMIC
// The order of such sums is not given: Apus has none.
float atomicAdd(float *, float) = delete;
double atomicAdd(double *, double) = delete;
