#include "faults.h"

#include "launch.h"
#include "memory.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

struct sigaction earlier[65];

// What a trap that clang put into a kernel is about: the last byte of the instruction says it.
const char *reason_of_trap(const void *place) {
  unsigned char code[5];
  memcpy(code, place, sizeof code);
#if defined(__x86_64__)
  if (!memcmp(code, "\x67\x0f\xb9\x40", 4)) switch (code[4]) {
    case 18: return "an index outside of an array";
    case 20: return "a shift by more bits than there are";
    case 22: return "an address that is not a multiple of the alignment of what is read or written there";
    }
#endif
  return "a trap";
}

void handle(int number, siginfo_t *info, void *context) {
  const void *address = info->si_addr;
  char text[64];
  snprintf(text, sizeof text, "address %p: ", address);
  const std::string place = guarded_place(address);
  const bool is_trap = number == SIGILL || number == SIGTRAP;
  if (!running_place().empty()) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    if (is_trap) leave_launch(reason_of_trap(address));
    if (number == SIGFPE) leave_launch("a division of an integer by zero");
    leave_launch(text + (place.empty() ? "not memory of the card, nor shared memory, nor this thread's stack" : place));
  }
  if (!is_trap && !place.empty()) fprintf(stderr, "emulated card: the host touches %s%s\n", text, place.c_str());
  sigaction(number, &earlier[number], nullptr);
  if (earlier[number].sa_flags & SA_SIGINFO && earlier[number].sa_sigaction)
    earlier[number].sa_sigaction(number, info, context);
}

}  // namespace

void catch_faults() {
  static bool is_done = false;
  if (!is_done) {
    is_done = true;
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) {
      struct sigaction action = {};
      action.sa_sigaction = handle;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      sigaction(number, &action, &earlier[number]);
    }
  }
  // A thread that runs launches needs a stack for signals, since a kernel's may be what has overflowed.
  static thread_local bool has_stack = false;
  if (has_stack) return;
  has_stack = true;
  stack_t stack = {};
  if (sigaltstack(nullptr, &stack) == 0 && !(stack.ss_flags & SS_DISABLE)) return;
  const size_t bytes = 64 << 10;
  stack.ss_sp = malloc(bytes);
  stack.ss_size = bytes;
  stack.ss_flags = 0;
  sigaltstack(&stack, nullptr);
}
