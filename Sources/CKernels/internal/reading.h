// Memory that parallel work reads once and from end to end, as weights are read for every token that is written.
#ifndef APUS_READING_H
#define APUS_READING_H
#include "apus_pool.h"

/// What is known of one such reading from the times before. Only how fast it goes depends on it, never a result.
typedef struct apus_habit apus_habit;

/// Memory that a thread fetches while it waits, in one or two places.
typedef struct {
  const char *at[2], *end[2];
} apus_stretch;

/// What a thread of several will read of it first, at most as much as its cache holds beside other things.
apus_stretch apus_stretch_of(const apus_habit *habit, int worker, int threads);

/// Runs tasks, and lets threads that then have nothing to do fetch what comes `next` (NULL: not known).
/// - Returns: 1 where others were still at work when the caller was done, 0 where not, -1 where it worked alone.
int apus_parallel_then_fetch(int64_t count, apus_task task, void *context, const apus_habit *next);

#endif
