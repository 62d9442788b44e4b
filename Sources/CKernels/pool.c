// A pool that sleeps when idle and spins briefly between the operations of a step.
#define _GNU_SOURCE
#include "reading.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#define relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define relax() __asm__ volatile("yield")
#else
#define relax() ((void)0)
#endif

enum { most_threads = 256, spins = 4000, lines_at_a_time = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;    // guards the wake-up and the pool's size
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t submit = PTHREAD_MUTEX_INITIALIZER;  // one parallel region at a time
static pthread_t threads[most_threads];
static int started = 0;                 // worker threads that exist (not counting a caller)
static _Atomic int wanted = 0;          // threads including the caller; 0: not decided yet

// The region in progress. `epoch` changes when one begins and wakes the workers. `gate` is twice the number of workers
// inside, plus one while the region takes more: a caller that has done all tasks itself shuts it and waits only for
// those who came in, never for one that the system has not let run yet.
static _Atomic uint64_t epoch = 0;
static _Atomic uint64_t gate = 0;
static _Atomic int sleepers = 0;
static int region_threads = 1;
static apus_task task_function;
static void *task_context;
static const apus_habit *coming;  // what idle threads are to fetch; NULL: they go on as before

// The tasks that a thread takes before it helps others: an equal part of all, in order, so that what operations one
// after another do with the same rows is done by the core whose cache holds them.
typedef struct {
  _Alignas(64) _Atomic int64_t next;
  int64_t end;
} share;
static share shares[most_threads];

static _Thread_local bool inside = false;
static _Thread_local void (*undo)(void) = NULL;

void apus_after_tasks(void (*function)(void)) { undo = function; }
static void leave(void) {
  inside = false;
  if (!undo) return;
  undo();
  undo = NULL;
}

static void take_tasks(int worker) {
  inside = true;
  for (int i = 0; i < region_threads; i++) {
    share *s = &shares[(worker + i) % region_threads];
    for (;;) {
      int64_t t = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
      if (t >= s->end) break;
      task_function(task_context, t, worker);
    }
  }
  leave();
}

static bool enter(void) {
  uint64_t now = atomic_load_explicit(&gate, memory_order_relaxed);
  while (now & 1)
    if (atomic_compare_exchange_weak_explicit(&gate, &now, now + 2, memory_order_acquire, memory_order_relaxed))
      return true;
  return false;
}

// Waits a little and has some lines fetched meanwhile: without waiting more are asked for than the processor keeps
// track of, and it drops the rest. Memory that is gone by then does no harm.
static bool fetch_some(apus_stretch *s) {
  int place = s->at[0] < s->end[0] ? 0 : 1;
  bool some = s->at[place] < s->end[place];
  for (int i = 0; i < lines_at_a_time && s->at[place] < s->end[place]; i++, s->at[place] += 64)
    __builtin_prefetch(s->at[place], 0, 2);
  relax();
  return some;
}

static void *worker_main(void *argument) {
  int worker = (int)(intptr_t)argument;
  uint64_t seen = 0;
  apus_stretch next = {0};
  for (;;) {
    for (int i = 0; i < spins && atomic_load_explicit(&epoch, memory_order_acquire) == seen;) i += !fetch_some(&next);
    if (atomic_load_explicit(&epoch, memory_order_acquire) == seen) {
      pthread_mutex_lock(&lock);
      atomic_fetch_add(&sleepers, 1);
      while (atomic_load(&epoch) == seen) pthread_cond_wait(&wake, &lock);
      atomic_fetch_sub(&sleepers, 1);
      pthread_mutex_unlock(&lock);
    }
    seen = atomic_load_explicit(&epoch, memory_order_acquire);
    if (!enter()) continue;
    if (worker < region_threads) {
      take_tasks(worker);
      if (coming) next = apus_stretch_of(coming, worker, region_threads);
    }
    atomic_fetch_sub_explicit(&gate, 2, memory_order_release);
  }
  return NULL;
}

int apus_pool_threads(void) {
  int n = wanted;
  if (n == 0) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    n = cores < 1 ? 1 : cores > most_threads ? most_threads : (int)cores;
    wanted = n;
  }
  return n;
}
void apus_pool_set_threads(int n) { wanted = n < 1 ? 1 : n > most_threads ? most_threads : n; }

// Called while holding `submit`.
static int start_workers(int n) {
  while (started < n - 1) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&threads[started], &attributes, worker_main, (void *)(intptr_t)(started + 1));
    pthread_attr_destroy(&attributes);
    if (failed) break;
    started++;
  }
  return started + 1;
}

int apus_parallel_then_fetch(int64_t count, apus_task task, void *context, const apus_habit *next) {
  if (count <= 0) return -1;
  int n = apus_pool_threads();
  if (count == 1 || n == 1 || inside || pthread_mutex_trylock(&submit) != 0) {
    bool outer = inside;
    inside = true;
    for (int64_t t = 0; t < count; t++) task(context, t, 0);
    if (!outer) leave();
    return -1;
  }
  int available = start_workers(n);
  if (n > available) n = available;
  task_function = task;
  task_context = context;
  region_threads = n;
  coming = next;
  for (int i = 0; i < n; i++) {
    atomic_store_explicit(&shares[i].next, count * i / n, memory_order_relaxed);
    shares[i].end = count * (i + 1) / n;
  }
  atomic_store_explicit(&gate, 1, memory_order_release);
  atomic_fetch_add(&epoch, 1);
  // A worker counts itself as a sleeper before it looks at the epoch for the last time, so none is overlooked.
  if (atomic_load(&sleepers) > 0) {
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
  }
  take_tasks(0);
  atomic_fetch_and_explicit(&gate, ~(uint64_t)1, memory_order_relaxed);
  bool late = atomic_load_explicit(&gate, memory_order_acquire) > 0;
  apus_stretch own = next ? apus_stretch_of(next, 0, n) : (apus_stretch){0};
  for (int i = 0; atomic_load_explicit(&gate, memory_order_acquire) > 0;) {
    if (i < spins * 4) i += !fetch_some(&own);
    else usleep(20);
  }
  pthread_mutex_unlock(&submit);
  return late;
}

void apus_parallel(int64_t count, apus_task task, void *context) {
  apus_parallel_then_fetch(count, task, context, NULL);
}

enum { small_page = 4096, large_page = 2 << 20 };
typedef struct {
  void *memory[APUS_WORKSPACES];
  size_t bytes[APUS_WORKSPACES];
} workspaces;
static pthread_key_t workspace_key;
static pthread_once_t workspace_once = PTHREAD_ONCE_INIT;

static void release_workspaces(void *value) {
  workspaces *w = value;
  for (int i = 0; i < APUS_WORKSPACES; i++) free(w->memory[i]);
  free(w);
}
static void make_key(void) { pthread_key_create(&workspace_key, release_workspaces); }

void *apus_workspace(int slot, size_t bytes) {
  pthread_once(&workspace_once, make_key);
  workspaces *w = pthread_getspecific(workspace_key);
  if (!w) {
    w = calloc(1, sizeof *w);
    if (!w) abort();
    pthread_setspecific(workspace_key, w);
  }
  if (w->bytes[slot] < bytes) {
    free(w->memory[slot]);
    // Packing writes to many places of a large one in turn: more small pages than the processor keeps in mind.
    const size_t page = bytes < large_page / 2 ? small_page : large_page;
    size_t rounded = (bytes + bytes / 8 + page - 1) & ~(page - 1);
    w->memory[slot] = aligned_alloc(page, rounded);
    if (!w->memory[slot]) abort();
    if (page == large_page) madvise(w->memory[slot], rounded, MADV_HUGEPAGE);
    w->bytes[slot] = rounded;
  }
  return w->memory[slot];
}
