#include "block.h"
#include "fibers.h"
#include "matrices.h"
#include "races.h"

#include <cstdint>
#include <cstring>
#include <vector>

using namespace running;

namespace running {

const Kernel *kernel;
std::vector<Thread> threads;
std::vector<Warp> warps;
Thread *current;
unsigned long long blocks_run;
uint32_t launch_number, block_number, barriers_passed;

}  // namespace running

namespace {

const void *arguments;
Barrier barriers[16];
Thread *ready_first, *ready_last;
// Threads begin in this order, so that what depends on it shows: from the last down to the first in every other block.
bool is_reversed;
unsigned begun, done, count, stacks_made, idle;
Stack *current_stack;
void *home;
std::string problem;
// Whether the calling OS thread is the one that runs a launch.
thread_local bool runs_here;

std::string text(EmulatedIndex i) {
  return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")";
}

void make_ready(Thread *first, Thread *last) {
  last->next = nullptr;
  if (ready_last) ready_last->next = first;
  else ready_first = first;
  ready_last = last;
}

void become(Thread *thread) {
  current = thread;
  current_stack = thread->stack;
  card.threadIdx = thread->index;
  card.lane = thread->linear & 31;
}

[[noreturn]] void go(void *place) {
  void *unused;
  apus_switch(&unused, place);
  __builtin_unreachable();
}

// The threads that have not begun, one after the other on this stack while they do not wait.
void carry() {
  while (begun < count) {
    Thread *thread = &threads[is_reversed ? count - 1 - begun : begun];
    begun++;
    thread->stack = current_stack;
    become(thread);
    kernel->entry(arguments);
    // It may have waited, and others have run since.
    thread = current;
    thread->is_done = true;
    done++;
    idle = 0;
  }
  give_stack(current_stack);
  if (Thread *thread = ready_first) {
    ready_first = thread->next;
    if (!ready_first) ready_last = nullptr;
    become(thread);
    go(thread->place);
  }
  go(home);
}

// Leaves the current thread, which something else will make ready again.
void wait(const char *what) {
  Thread *self = current;
  self->waits_at = what;
  if (Thread *thread = ready_first) {
    if (thread == self) {
      ready_first = thread->next;
      if (!ready_first) ready_last = nullptr;
      self->waits_at = nullptr;
      return;
    }
    ready_first = thread->next;
    if (!ready_first) ready_last = nullptr;
    become(thread);
    apus_switch(&self->place, thread->place);
  } else if (begun < count) {
    current_stack = take_stack();
    apus_switch(&self->place, current_stack->fresh(carry, stacks_made++));
  } else {
    apus_switch(&self->place, home);
  }
  self->waits_at = nullptr;
}

void barrier(unsigned number, unsigned wanted) {
  idle = 0;
  if (number >= 16) leave_launch("a block has 16 barriers; there is no number " + std::to_string(number));
  if (!wanted) wanted = count;
  Barrier &b = barriers[number];
  if (b.arrived == 0) b.threads = wanted;
  if (b.threads != wanted || wanted > count || (wanted & 31 && wanted != count))
    leave_launch("barrier " + std::to_string(number) + " for " + std::to_string(wanted) + " threads, others gave " +
                 std::to_string(b.threads) + " of the block's " + std::to_string(count));
  if (++b.arrived == b.threads) {
    if (b.threads == count) barriers_passed++;
    // In the order in which threads began: this one comes last.
    if (b.first) make_ready(b.first, b.last);
    b = Barrier();
    make_ready(current, current);
  } else {
    current->next = nullptr;
    if (b.last) b.last->next = current;
    else b.first = current;
    b.last = current;
  }
  wait(number ? "a numbered barrier" : "__syncthreads");
}

// Others first, those that have not begun before all.
void yield() {
  if (++idle > 10'000'000) leave_launch("waits for memory that no other thread changes");
  make_ready(current, current);
  if (begun < count) {
    Thread *self = current;
    self->waits_at = "memory";
    current_stack = take_stack();
    apus_switch(&self->place, current_stack->fresh(carry, stacks_made++));
    self->waits_at = nullptr;
  } else {
    wait("memory");
  }
}

void collective(unsigned lanes, const char *name, void *item, EmulatedWork *work) {
  const unsigned lane = current->linear & 31;
  Warp &warp = warps[current->linear >> 5];
  if (!(lanes >> lane & 1)) leave_launch(std::string(name) + " whose mask leaves out the thread that calls it");
  lanes &= warp.existing;
  Meeting *meeting = nullptr;
  for (Meeting &m : warp.meetings)
    if (m.lanes == lanes) {
      meeting = &m;
      break;
    }
  if (!meeting) {
    warp.meetings.push_back(Meeting{lanes, 0, nullptr, {}, {}});
    meeting = &warp.meetings.back();
  }
  if (meeting->arrived && meeting->name != name && strcmp(meeting->name, name))
    leave_launch(std::string(name) + " while another lane of the warp is at " + meeting->name);
  meeting->name = name;
  meeting->items[lane] = item;
  meeting->threads[lane] = current;
  meeting->arrived |= 1u << lane;
  if (meeting->arrived != lanes) return wait(name);
  meeting->arrived = 0;
  idle = 0;
  if (work) work(meeting->items, lanes);
  else if (lanes == warp.existing) warp.syncs++;
  for (int i = 0; i < 32; i++) {
    const int l = is_reversed ? 31 - i : i;
    if (lanes >> l & 1 && meeting->threads[l] != current) make_ready(meeting->threads[l], meeting->threads[l]);
  }
}

void fail(const char *message) { leave_launch(message); }

// Whose fault it is that the block's threads stand still.
std::string standstill() {
  const Thread *waiting = nullptr, *ended = nullptr;
  unsigned number = 0;
  for (const Thread &thread : threads) {
    if (thread.is_done) ended = ended ? ended : &thread;
    else {
      number++;
      waiting = waiting ? waiting : &thread;
    }
  }
  std::string result = "kernel " + kernel->name + ", block " + text(card.blockIdx) + ": thread " +
                       text(waiting->index) + " waits at " + waiting->waits_at + " with " + std::to_string(number - 1) +
                       " others";
  for (const Thread &thread : threads)
    if (!thread.is_done && strcmp(thread.waits_at, waiting->waits_at)) {
      result += "; thread " + text(thread.index) + " waits at " + thread.waits_at;
      break;
    }
  if (ended) result += "; thread " + text(ended->index) + " has ended without it";
  return result;
}

bool run_block(size_t dynamic_bytes) {
  memset(kernel->shared, 0xff, kernel->shared_bytes);
  memset(card.dynamic_shared, 0xff, (dynamic_bytes + 127) / 128 * 128);
  for (Barrier &b : barriers) b = Barrier();
  for (Warp &warp : warps)
    for (Meeting &meeting : warp.meetings) meeting.arrived = 0;
  for (Thread &thread : threads) {
    thread.is_done = false;
    thread.waits_at = nullptr;
    thread.stack = nullptr;
    thread.copies.clear();
    thread.open_group = 0;
  }
  ready_first = ready_last = nullptr;
  begun = done = stacks_made = idle = 0;
  barriers_passed = 0;
  block_number++;
  is_reversed = blocks_run++ & 1;
  current_stack = take_stack();
  runs_here = true;
  apus_switch(&home, current_stack->fresh(carry, stacks_made++));
  runs_here = false;
  current = nullptr;
  if (problem.empty() && done < count) problem = standstill();
  if (problem.empty()) return true;
  // Stacks of threads that will not go on.
  std::vector<Stack *> left;
  for (Thread &thread : threads)
    if (!thread.is_done && thread.stack) {
      bool is_known = false;
      for (Stack *stack : left) is_known |= stack == thread.stack;
      if (!is_known) left.push_back(thread.stack);
    }
  for (Stack *stack : left) give_stack(stack);
  return false;
}

}  // namespace

EmulatedCard *apus_card = &card;

EmulatedCard card = {{}, 0, {}, {}, {}, nullptr, barrier, collective, yield, fail,
                     copy_async, commit_copies, wait_copies, finds_races() ? touch : nullptr,
                     mma_m16n8k16_bf16, mma_m16n8k8_tf32, load_matrix};

std::string running_place() {
  if (!runs_here || !current) return "";
  return "kernel " + kernel->name + ", block " + text(card.blockIdx) + ", thread " + text(current->index);
}

void leave_launch(const std::string &what) {
  problem = running_place() + ": " + what;
  go(home);
}

bool run_launch(const Kernel &launched, EmulatedIndex grid, EmulatedIndex block, size_t dynamic_bytes,
                const void *launch_arguments, std::string &error) {
  kernel = &launched;
  arguments = launch_arguments;
  card.gridDim = grid;
  card.blockDim = block;
  card.dynamic_shared = dynamic_memory(dynamic_bytes);
  count = block.x * block.y * block.z;
  threads.resize(count);
  warps.assign((count + 31) / 32, Warp());
  for (unsigned i = 0; i < count; i++) {
    threads[i].index = {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
    threads[i].linear = i;
    warps[i >> 5].existing |= 1u << (i & 31);
  }
  problem.clear();
  launch_number++;
  block_number = 0;
  if (finds_races()) {
    // Shared memory is another for each block: the number of the launch and block tells them apart.
    if (kernel->shared_bytes && !shadow_of(kernel->shared, kernel->shared_bytes))
      shadow_memory(kernel->shared, kernel->shared_bytes);
    static const bool has_dynamic = (shadow_memory(dynamic_memory(most_dynamic), most_dynamic), true);
    (void)has_dynamic;
  }
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x++) {
        card.blockIdx = {x, y, z};
        if (!run_block(dynamic_bytes)) {
          error = problem;
          return false;
        }
      }
  return true;
}
