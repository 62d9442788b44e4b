#ifndef APUS_POOL_H
#define APUS_POOL_H
#include "apus_base.h"

/// One piece of parallel work: `task` counts from 0, `worker` names the thread (0 is the caller).
typedef void (*apus_task)(void *context, int64_t task, int worker);

/// Threads that take part in parallel work, the caller included.
int apus_pool_threads(void);
/// Sets the number of threads (1 to 256). Results never depend on it. Not to be called during parallel work.
void apus_pool_set_threads(int threads);
/// Runs `task(context, 0 ..< count)` on all threads and returns when every one has finished. Which thread takes
/// which task is not defined, so a task must not depend on it. Called inside a task, runs inline.
void apus_parallel(int64_t count, apus_task task, void *context);
/// To be called inside a task: has `function` called by the same thread when it has no more of the tasks.
void apus_after_tasks(void (*function)(void));
/// What each task reads: `bytes` bytes of one place, or of two, one task's after another's.
typedef struct {
  const void *memory[2];
  int64_t bytes[2];
} apus_reading;
/// The same for tasks for which reading memory is most of the work: each thread goes through a stretch of it, and
/// threads that wait between regions fetch what was read next the last time.
void apus_parallel_reading(apus_reading each, int64_t count, apus_task task, void *context);
enum { APUS_WORKSPACES = 9 };
/// Memory for the current thread that lasts until its next call with the same slot, below APUS_WORKSPACES; 64-byte
/// aligned.
void *apus_workspace(int slot, size_t bytes);

#endif
