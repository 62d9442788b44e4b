#include "fibers.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

#if defined(__x86_64__)
asm(R"(
.text
.globl apus_switch
.hidden apus_switch
.type apus_switch, @function
apus_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  popq %rcx
  jmpq *%rcx
.size apus_switch, .-apus_switch
)");
static constexpr int saved = 7, return_at = 6;
// As after a call: the stack pointer is 8 short of a multiple of 16.
static constexpr int padding = 1;
#elif defined(__aarch64__)
asm(R"(
.text
.globl apus_switch
.hidden apus_switch
.type apus_switch, %function
apus_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size apus_switch, .-apus_switch
)");
static constexpr int saved = 20, return_at = 11, padding = 0;
#else
#error "the emulation switches stacks on x86-64 and arm64 only"
#endif

static constexpr size_t page = 4096, stack_bytes = 256 << 10;
static Stack *free_stacks;

void *Stack::fresh(void (*entry)(), unsigned number) {
  uintptr_t top = reinterpret_cast<uintptr_t>(bottom + size) - 16 - (number % 31) * 128;
  void **place = reinterpret_cast<void **>(top & ~uintptr_t(15)) - padding - saved;
  for (int i = 0; i < saved; i++) place[i] = nullptr;
  place[return_at] = reinterpret_cast<void *>(entry);
  return place;
}

Stack *take_stack() {
  if (Stack *stack = free_stacks) {
    free_stacks = stack->next;
    return stack;
  }
  void *memory = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "emulated card: no memory for a thread's stack\n");
    abort();
  }
  // An overflow ends in an error and not in a neighbour.
  mprotect(memory, page, PROT_NONE);
  return new Stack{static_cast<unsigned char *>(memory) + page, stack_bytes - page, nullptr};
}

void give_stack(Stack *stack) {
  stack->next = free_stacks;
  free_stacks = stack;
}
