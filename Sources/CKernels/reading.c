// Parallel work that reads memory once, where reading is most of the work: products of few rows with weights, attention
// of few queries. Each thread goes through a stretch that lies together in memory, which the processor fetches ahead.
#include "reading.h"
#include <stdatomic.h>
#include <stddef.h>

// Threads that take turns at a counter pass its cache line on for each piece, and that takes as long as reading ten
// kilobytes. So the stretches are set before: the caller's grows as long as it has to wait for the others, which begin
// later but may have fetched a part, and shrinks as long as it is the last.
struct apus_habit {
  const char *_Atomic memory[2];
  _Atomic int64_t bytes[2], count;  // of a piece in each place, and pieces
  _Atomic int64_t own;              // the caller's pieces, in quarters of one
  apus_habit *_Atomic next;         // what was read after it the last time
};
enum { remembered = 4096, quarters = 4, fetched_bytes = 384 << 10, claimed_bytes = 32 << 10, most_threads = 256 };
static apus_habit habits[remembered];
static _Thread_local apus_habit *last = NULL;

#define GET(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, to) atomic_store_explicit(&(x), to, memory_order_relaxed)

static apus_habit *habit_of(apus_reading each, int64_t count, int threads) {
  apus_habit *h = &habits[(uintptr_t)each.memory[0] / 64 * 0x9e3779b97f4a7c15u >> 52];
  bool known = GET(h->count) == count;
  for (int i = 0; i < 2; i++) known &= GET(h->memory[i]) == each.memory[i] && GET(h->bytes[i]) == each.bytes[i];
  if (!known) {
    for (int i = 0; i < 2; i++) {
      SET(h->memory[i], each.memory[i]);
      SET(h->bytes[i], each.bytes[i]);
    }
    SET(h->count, count);
    SET(h->own, count * quarters / threads);
    SET(h->next, NULL);
  }
  return h;
}

// The first piece of a thread's stretch, of `count` of which the caller has `own`.
static int64_t start_of(int64_t count, int64_t own, int worker, int threads) {
  return worker == 0 ? 0 : worker >= threads ? count : own + (count - own) * (worker - 1) / (threads - 1);
}

apus_stretch apus_stretch_of(const apus_habit *h, int worker, int threads) {
  int64_t count = GET(h->count), own = GET(h->own) / quarters;
  int64_t first = start_of(count, own, worker, threads);
  int64_t pieces = start_of(count, own, worker + 1, threads) - first;
  apus_stretch s;
  for (int i = 0; i < 2; i++) {
    int64_t piece = GET(h->bytes[i]), bytes = pieces * piece;
    s.at[i] = GET(h->memory[i]) + first * piece;
    s.end[i] = s.at[i] + (bytes < fetched_bytes ? bytes : fetched_bytes);
  }
  return s;
}

// A thread claims some pieces of its stretch at a time, so that others can take half of what is left, from its end, where
// the system has stopped it.
typedef struct {
  _Alignas(64) _Atomic uint64_t left;  // the first piece that nobody has, and below it the one after the last
} claims;
typedef struct {
  int threads;
  uint32_t at_a_time;
  apus_task task;
  void *context;
  claims *claims;
} reading_job;

typedef struct {
  uint32_t first, end;
} pieces;

static pieces claim(claims *c, uint32_t some, bool steals) {
  uint64_t left = GET(c->left);
  for (;;) {
    pieces all = {(uint32_t)(left >> 32), (uint32_t)left};
    uint32_t count = all.end - all.first;
    if (count == 0) return all;
    uint32_t take = steals ? (count + 1) / 2 : count < some ? count : some;
    pieces taken = steals ? (pieces){all.end - take, all.end} : (pieces){all.first, all.first + take};
    pieces rest = steals ? (pieces){all.first, taken.first} : (pieces){taken.end, all.end};
    if (atomic_compare_exchange_weak_explicit(&c->left, &left, (uint64_t)rest.first << 32 | rest.end,
                                              memory_order_relaxed, memory_order_relaxed))
      return taken;
  }
}

static void read_stretches(void *context, int64_t part, int worker) {
  (void)part;
  const reading_job *j = context;
  for (int i = 0; i < j->threads; i++)
    for (;;) {
      pieces p = claim(&j->claims[(worker + i) % j->threads], j->at_a_time, i > 0);
      if (p.first == p.end) break;
      for (int64_t piece = p.first; piece < p.end; piece++) j->task(j->context, piece, worker);
    }
}

void apus_parallel_reading(apus_reading each, int64_t count, apus_task task, void *context) {
  int threads = apus_pool_threads();
  if (threads == 1 || count < threads || count > INT32_MAX) {
    apus_parallel(count, task, context);
    return;
  }
  apus_habit *habit = habit_of(each, count, threads);
  if (last) SET(last->next, habit);
  last = habit;
  int64_t own = GET(habit->own);
  claims all[most_threads];
  for (int i = 0; i < threads; i++)
    all[i].left = (uint64_t)start_of(count, own / quarters, i, threads) << 32 |
                  (uint64_t)start_of(count, own / quarters, i + 1, threads);
  int64_t bytes = each.bytes[0] + each.bytes[1];
  reading_job job = {threads, (uint32_t)(bytes < claimed_bytes ? claimed_bytes / bytes : 1), task, context, all};
  int late = apus_parallel_then_fetch(threads, read_stretches, &job, GET(habit->next));
  if (late > 0 && own < count * quarters * 3 / 4) SET(habit->own, own + 1);
  if (late == 0 && own > count * quarters / threads / 4) SET(habit->own, own - 1);
}
