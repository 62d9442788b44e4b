// Recording of a stream's work, which can then be put in again.
#include "state.h"

namespace {

struct ExecutableGraph {
  std::vector<Work> works;
};
std::set<ExecutableGraph *> executables;

}  // namespace

EXPORT Result cuStreamBeginCapture_v2(uintptr_t handle, int mode) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  Stream *stream = stream_of(context, handle);
  if (!stream) return invalid_handle;
  if (mode < 0 || mode > 2 || stream->recording || !handle) return capture_unsupported;
  stream->recording = std::make_unique<Graph>();
  stream->is_broken = false;
  return success;
}

EXPORT Result cuStreamEndCapture(uintptr_t handle, Graph **graph) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  Stream *stream = stream_of(context, handle);
  if (!stream) return invalid_handle;
  if (!stream->recording) return capture_unmatched;
  *graph = nullptr;
  if (stream->is_broken) {
    stream->recording.reset();
    return capture_invalidated;
  }
  *graph = stream->recording.release();
  handles.graphs.insert(*graph);
  return success;
}

EXPORT Result cuGraphInstantiateWithFlags(ExecutableGraph **executable, Graph *graph, unsigned long long) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!handles.graphs.count(graph)) return invalid_handle;
  *executable = new ExecutableGraph{graph->works};
  executables.insert(*executable);
  return success;
}

EXPORT Result cuGraphLaunch(ExecutableGraph *executable, uintptr_t handle) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!executables.count(executable)) return invalid_handle;
  for (const Work &work : executable->works)
    if (Result error = enqueue(stream_of(context, handle), work)) return error;
  return success;
}

EXPORT Result cuGraphDestroy(Graph *graph) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!handles.graphs.erase(graph)) return invalid_handle;
  delete graph;
  return success;
}

EXPORT Result cuGraphExecDestroy(ExecutableGraph *executable) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!executables.erase(executable)) return invalid_handle;
  delete executable;
  return success;
}
