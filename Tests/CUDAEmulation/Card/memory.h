// Memory with pages around it that nobody may touch.
#pragma once
#include <cstddef>
#include <string>

// `bytes` that end at such a page, but for the rest to a multiple of 256, filled with ones: NaNs, or -1. Null where
// the system has no more.
void *take_guarded(size_t bytes);
// Gives it back. False: someone wrote past its end; null where `memory` is none of them.
void give_guarded(void *memory, bool *is_whole);
// Bytes of the allocation that begins at `memory`; 0: none does.
size_t guarded_bytes(const void *memory);
// Whether `bytes` from `address` on lie in one allocation.
bool is_guarded(const void *address, size_t bytes);
// "12 bytes past the end of 40 bytes at 0x7f…", or the like, of the nearest allocation; "" where none is near.
std::string guarded_place(const void *address);
// Lets everyone touch all of it, or nobody.
void open_guarded(bool is_open);
