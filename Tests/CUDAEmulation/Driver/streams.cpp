// Queues: what is put in runs when somebody waits for it, on the thread that waits.
#include "state.h"

#include "../Card/faults.h"
#include "../Card/memory.h"

#include <chrono>

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The card's memory is there for work alone.
struct Opened {
  static int depth;
  Opened() {
    if (depth++ == 0) open_guarded(true);
  }
  ~Opened() {
    if (--depth == 0) open_guarded(false);
  }
};
int Opened::depth;

void step(Stream *stream) {
  Item item = std::move(stream->queue.front());
  stream->queue.pop_front();
  if (item.work && stream->context->error == success) item.work();
  if (item.mark) {
    item.mark->is_reached = true;
    item.mark->time = now();
  }
}

void run_to(Stream *stream, const Mark *until) {
  while (!stream->queue.empty() && !(until && until->is_reached)) step(stream);
}

Result event_of(Event *event) { return handles.events.count(event) ? success : invalid_handle; }

}  // namespace

Stream *stream_of(Context *context, uintptr_t handle) {
  if (!handle) return &context->null_stream;
  Stream *stream = reinterpret_cast<Stream *>(handle);
  return context->streams.count(stream) ? stream : nullptr;
}

Result enqueue(Stream *stream, Work work) {
  if (!stream) return invalid_handle;
  if (stream->recording) stream->recording->works.push_back(std::move(work));
  else stream->queue.push_back({std::move(work), nullptr});
  return success;
}

Result run(Stream *stream, const Mark *until) {
  if (!stream) return invalid_handle;
  if (stream->recording) {
    stream->is_broken = true;
    return capture_unsupported;
  }
  catch_faults();
  Opened opened;
  run_to(stream, until);
  return stream->context->error;
}

Result run_all(Context *context) {
  catch_faults();
  Opened opened;
  run_to(&context->null_stream, nullptr);
  for (Stream *stream : context->streams) run_to(stream, nullptr);
  return context->error;
}

EXPORT Result cuStreamCreate(Stream **stream, unsigned flags) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (flags > 1) return invalid_value;
  *stream = new Stream{context, {}, nullptr};
  context->streams.insert(*stream);
  return success;
}

EXPORT Result cuStreamDestroy_v2(Stream *stream) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!context->streams.count(stream)) return invalid_handle;
  stream->recording.reset();
  run(stream);
  context->streams.erase(stream);
  delete stream;
  return success;
}

EXPORT Result cuStreamSynchronize(uintptr_t stream) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  return run(stream_of(context, stream));
}

EXPORT Result cuEventCreate(Event **event, unsigned flags) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  *event = new Event{!(flags & 2), nullptr};
  handles.events.insert(*event);
  return success;
}

EXPORT Result cuEventDestroy_v2(Event *event) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!handles.events.erase(event)) return invalid_handle;
  delete event;
  return success;
}

EXPORT Result cuEventRecord(Event *event, uintptr_t handle) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (Result error = event_of(event)) return error;
  Stream *stream = stream_of(context, handle);
  if (!stream) return invalid_handle;
  // A card can record them; Apus does not.
  if (stream->recording) return capture_unsupported;
  event->mark = std::make_shared<Mark>(Mark{stream, false, 0});
  stream->queue.push_back({nullptr, event->mark});
  return success;
}

EXPORT Result cuStreamWaitEvent(uintptr_t handle, Event *event, unsigned) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (Result error = event_of(event)) return error;
  Stream *stream = stream_of(context, handle);
  if (!stream) return invalid_handle;
  if (stream->recording) return capture_unsupported;
  if (std::shared_ptr<Mark> mark = event->mark)
    stream->queue.push_back({[mark] {
                               if (!mark->is_reached) run_to(mark->stream, mark.get());
                             },
                             nullptr});
  return success;
}

EXPORT Result cuEventSynchronize(Event *event) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (Result error = event_of(event)) return error;
  if (!event->mark || event->mark->is_reached) return success;
  return run(event->mark->stream, event->mark.get());
}

// The card gets on a little with every question.
EXPORT Result cuEventQuery(Event *event) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (Result error = event_of(event)) return error;
  if (!event->mark || event->mark->is_reached) return success;
  catch_faults();
  Opened opened;
  step(event->mark->stream);
  return context->error ? context->error : not_ready;
}

EXPORT Result cuEventElapsedTime(float *milliseconds, Event *start, Event *end) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  for (Event *event : {start, end}) {
    if (event_of(event) || !event->is_timed || !event->mark) return invalid_handle;
    if (!event->mark->is_reached) return not_ready;
  }
  *milliseconds = (float)(end->mark->time - start->mark->time);
  return success;
}

// For the other libraries: puts work into a stream of the calling thread's context.
EXPORT Result apus_enqueue(uintptr_t stream, void (*work)(void *), void *argument, void (*release)(void *)) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  std::shared_ptr<void> owned(argument, release);
  return enqueue(stream_of(context, stream), [owned, work] { work(owned.get()); });
}

// Whether a thread may use [address, address + bytes) as the card's; for work to ask before it does.
EXPORT bool apus_is_device_memory(uintptr_t address, size_t bytes, const char *what) {
  if (is_guarded(reinterpret_cast<const void *>(address), bytes)) return true;
  Context *context;
  enter(context);
  fail_work(context, illegal_address,
            std::string(what) + ": " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                " are not in one allocation of the card's memory");
  return false;
}
