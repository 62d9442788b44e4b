// Modules are shared objects that the emulated NVRTC made; a function is a kernel in one.
#include "state.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

// Of a block, those that a kernel declares included.
constexpr unsigned most_shared_bytes = 232448, usual_shared_bytes = 49152;

// How many of them are left for those that a launch asks for.
unsigned left_of(unsigned limit, const Kernel &kernel) {
  return limit > kernel.shared_bytes ? limit - (unsigned)kernel.shared_bytes : 0;
}

// Writes a line into the log that the caller gave by options.
void log(unsigned count, const int *options, void **values, const char *text) {
  char *buffer = nullptr;
  size_t size = 0;
  for (unsigned i = 0; i < count; i++) {
    if (options[i] == 5) buffer = static_cast<char *>(values[i]);
    if (options[i] == 6) size = reinterpret_cast<uintptr_t>(values[i]);
  }
  if (buffer && size) snprintf(buffer, size, "%s", text);
}

// Whether the host's memory is mapped at an address.
bool is_mapped(uintptr_t address) {
  unsigned char residency;
  return mincore(reinterpret_cast<void *>(address & ~uintptr_t(4095)), 1, &residency) == 0;
}

// The offset of an argument that is an address of the host's ordinary memory; -1: there is none. Every word of 8 bytes
// is asked, for integers are small and keys of random numbers hardly ever look like an address in use.
long host_argument(const std::vector<unsigned char> &arguments) {
  for (size_t i = 0; i + 8 <= arguments.size(); i += 8) {
    uintptr_t word;
    memcpy(&word, &arguments[i], 8);
    if (word >> 32 && word >> 47 == 0 && !is_card_address(word) && is_mapped(word)) return (long)i;
  }
  return -1;
}

}  // namespace

EXPORT Result cuModuleLoadDataEx(Module **module, const void *image, unsigned count, int *options, void **values) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  Elf64_Ehdr header;
  if (memcmp(image, ELFMAG, SELFMAG)) {
    log(count, options, values, "this is not a shared object of the emulated NVRTC");
    return invalid_image;
  }
  memcpy(&header, image, sizeof header);
  if (header.e_machine == EM_CUDA) {
    log(count, options, values, "this is code for a real card");
    return no_binary;
  }
  // The table of sections ends the file.
  const size_t bytes = header.e_shoff + (size_t)header.e_shnum * header.e_shentsize;
  const char *folder = getenv("TMPDIR");
  std::string path = std::string(folder && *folder ? folder : "/tmp") + "/apus-kernels-XXXXXX";
  const int file = mkstemp(&path[0]);
  const bool is_written = file >= 0 && write(file, image, bytes) == (ssize_t)bytes;
  if (file >= 0) close(file);
  void *library = is_written ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (!library) log(count, options, values, is_written ? dlerror() : "no temporary file can be written");
  if (file >= 0) unlink(path.c_str());
  if (!library) return invalid_image;
  auto of_kernels = static_cast<EmulatedCard **>(dlsym(library, "apus_card"));
  auto start = static_cast<unsigned char **>(dlsym(library, "apus_shared_start"));
  auto end = static_cast<unsigned char **>(dlsym(library, "apus_shared_end"));
  if (!of_kernels || !start || !end) {
    log(count, options, values, "this shared object holds no kernels");
    return invalid_image;
  }
  *of_kernels = &card;
  *module = new Module{library, *start, (size_t)(*end - *start), {}};
  handles.modules.insert(*module);
  return success;
}

EXPORT Result cuModuleUnload(Module *module) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!handles.modules.count(module)) return invalid_handle;
  for (Context &each : contexts) run_all(&each);
  for (auto &function : module->functions) handles.functions.erase(function.get());
  handles.modules.erase(module);
  dlclose(module->library);
  delete module;
  return success;
}

EXPORT Result cuModuleGetFunction(Function **function, Module *module, const char *name) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!handles.modules.count(module)) return invalid_handle;
  void *entry = dlsym(module->library, name);
  auto number = [&](const char *what) {
    return static_cast<const unsigned long long *>(dlsym(module->library, (std::string(name) + what).c_str()));
  };
  const unsigned long long *bytes = number("_bytes"), *threads = number("_threads");
  if (!entry || !bytes || !threads) return not_found;
  const Kernel kernel = {name, reinterpret_cast<void (*)(const void *)>(entry), *bytes, (unsigned)*threads,
                         module->shared, module->shared_bytes};
  module->functions.emplace_back(new Function{kernel, left_of(usual_shared_bytes, kernel), module});
  *function = module->functions.back().get();
  handles.functions.insert(*function);
  return success;
}

EXPORT Result cuFuncGetParamInfo(Function *function, size_t index, size_t *offset, size_t *size) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!handles.functions.count(function)) return invalid_handle;
  if (index) return invalid_value;
  *offset = 0;
  *size = function->kernel.argument_bytes;
  return success;
}

EXPORT Result cuFuncGetAttribute(int *value, int attribute, Function *function) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!handles.functions.count(function)) return invalid_handle;
  switch (attribute) {
  case 0: *value = (int)function->kernel.most_threads; return success;
  // Of all kernels of the module: which uses what is not known here.
  case 1: *value = (int)function->kernel.shared_bytes; return success;
  case 2: case 3: *value = 0; return success;
  case 4: *value = 32; return success;
  case 5: case 6: *value = 90; return success;
  case 8: *value = (int)function->most_dynamic_bytes; return success;
  default: return invalid_value;
  }
}

EXPORT Result cuFuncSetAttribute(Function *function, int attribute, int value) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!handles.functions.count(function)) return invalid_handle;
  if (attribute == 9) return success;
  if (attribute != 8 || value < 0) return invalid_value;
  if ((unsigned)value > left_of(most_shared_bytes, function->kernel)) return invalid_value;
  function->most_dynamic_bytes = (unsigned)value;
  return success;
}

EXPORT Result cuLaunchKernel(Function *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                             unsigned block_y, unsigned block_z, unsigned shared_bytes, uintptr_t handle,
                             void **parameters, void **extra) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  Context *context;
  if (Result error = enter(context)) return error;
  if (!handles.functions.count(function)) return invalid_handle;
  if (extra || !parameters || !parameters[0]) return invalid_value;
  const uint64_t threads = (uint64_t)block_x * block_y * block_z;
  if (!grid_x || !grid_y || !grid_z || grid_x > 2147483647u || grid_y > 65535 || grid_z > 65535 || !threads ||
      block_x > 1024 || block_y > 1024 || block_z > 64 || threads > 1024 || shared_bytes > function->most_dynamic_bytes)
    return invalid_value;
  if (threads > function->kernel.most_threads) return out_of_resources;
  const unsigned char *first = static_cast<const unsigned char *>(parameters[0]);
  const EmulatedIndex grid = {grid_x, grid_y, grid_z}, block = {block_x, block_y, block_z};
  const std::vector<unsigned char> arguments(first, first + function->kernel.argument_bytes);
  return enqueue(stream_of(context, handle), [=] {
    std::string error;
    const long offset = host_argument(arguments);
    if (offset >= 0)
      return fail_work(context, illegal_address,
                       "kernel " + function->kernel.name + ": the argument at byte " + std::to_string(offset) +
                           " is an address of the host's memory");
    if (run_launch(function->kernel, grid, block, shared_bytes, arguments.data(), error)) return;
    const auto says = [&](const char *what) { return error.find(what) != std::string::npos; };
    fail_work(context, says(": address ") ? illegal_address : says("multiple of the alignment") ? misaligned_address
                                                                                                : launch_failed, error);
  });
}
