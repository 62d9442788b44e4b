// Cards and their contexts.
#include "state.h"

#include "../Card/faults.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

Context contexts[card_count];
Handles handles;
bool is_initialized;
std::recursive_mutex lock;

static thread_local Context *current_context;

static int setting(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text && *text ? atoi(text) : otherwise;
}

// The second card is a small one.
size_t card_bytes(int card) {
  const char *text = getenv("APUS_EMULATED_MEMORY");
  if (text && *text) return strtoull(text, nullptr, 10);
  return card == 0 ? size_t(16) << 30 : size_t(256) << 20;
}

size_t Context::bytes() const { return card_bytes((int)(this - contexts)); }

Result enter(Context *&context) {
  context = current_context;
  if (!is_initialized) return not_initialized;
  if (!context || !context->references) return invalid_context;
  return context->error;
}

EXPORT Result cuInit(unsigned flags) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (flags) return invalid_value;
  for (Context &context : contexts) context.null_stream.context = &context;
  is_initialized = true;
  return success;
}

EXPORT Result cuDriverGetVersion(int *version) {
  *version = 13000;
  return success;
}

EXPORT Result cuDeviceGetCount(int *count) {
  *count = card_count;
  return is_initialized ? success : not_initialized;
}

EXPORT Result cuDeviceGet(int *device, int ordinal) {
  if (!is_initialized) return not_initialized;
  if (ordinal < 0 || ordinal >= card_count) return invalid_device;
  *device = ordinal;
  return success;
}

EXPORT Result cuDeviceGetName(char *name, int size, int device) {
  if (device < 0 || device >= card_count) return invalid_device;
  snprintf(name, size, device == 0 ? "Emulated Card" : "Small Emulated Card");
  return success;
}

EXPORT Result cuDeviceTotalMem_v2(size_t *bytes, int device) {
  if (device < 0 || device >= card_count) return invalid_device;
  *bytes = card_bytes(device);
  return success;
}

EXPORT Result cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (device < 0 || device >= card_count) return invalid_device;
  // Numbers of CUdevice_attribute in cuda.h; a small Hopper.
  static const std::map<int, int> values = {
      {1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 2147483647}, {6, 65535}, {7, 65535}, {8, 49152}, {9, 65536},
      {10, 32}, {12, 65536}, {13, 1980000}, {16, 6}, {31, 0}, {36, 3201000}, {37, 6144}, {38, 50 << 20}, {39, 2048},
      {40, 3}, {41, 1}, {81, 233472}, {82, 65536}, {97, 232448}, {106, 32}, {111, 1024}};
  if (attribute == 75 || attribute == 76) {
    const int capability = setting("APUS_EMULATED_CAPABILITY", 90);
    *value = attribute == 75 ? capability / 10 : capability % 10;
    return success;
  }
  auto found = values.find(attribute);
  if (found == values.end()) return invalid_value;
  *value = found->second;
  return success;
}

EXPORT Result cuDevicePrimaryCtxRetain(Context **context, int device) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!is_initialized) return not_initialized;
  if (device < 0 || device >= card_count) return invalid_device;
  *context = &contexts[device];
  if ((*context)->references++ == 0) (*context)->error = success;
  return success;
}

EXPORT Result cuDevicePrimaryCtxRelease_v2(int device) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (device < 0 || device >= card_count) return invalid_device;
  Context &context = contexts[device];
  if (!context.references) return invalid_context;
  if (--context.references) return success;
  run_all(&context);
  release_memory(&context);
  for (Stream *stream : context.streams) delete stream;
  context.streams.clear();
  return success;
}

EXPORT Result cuCtxSetCurrent(Context *context) {
  if (!is_initialized) return not_initialized;
  if (context && (context < contexts || context >= contexts + card_count)) return invalid_context;
  current_context = context;
  return success;
}

EXPORT Result cuCtxSynchronize() {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  return run_all(context);
}
