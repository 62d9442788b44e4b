// Stacks, and going from one to another without the system.
#pragma once
#include <cstddef>

// Saves this stack's place in `from` and goes on at `to`, a place saved so, or a fresh one.
extern "C" void apus_switch(void **from, void *to);

struct Stack {
  unsigned char *bottom;
  size_t size;
  Stack *next;

  // A place from which apus_switch begins `entry`, which must not return. `number` spreads stacks over the cache.
  void *fresh(void (*entry)(), unsigned number);
};

Stack *take_stack();
void give_stack(Stack *stack);
