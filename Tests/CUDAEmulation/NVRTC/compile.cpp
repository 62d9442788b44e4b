// build.sh defines CLANG, the compiler's path, and BUILD, a digest of it, of the processor and of the emulation's text.
#include "compile.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace {

// The folder of this library.
std::string folder() {
  Dl_info info = {};
  dladdr(reinterpret_cast<void *>(&compile), &info);
  const std::string path = info.dli_fname ? info.dli_fname : "";
  return path.substr(0, path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
}

std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// FNV-1a twice from different starts.
std::string digest(const std::string &text) {
  uint64_t a = 14695981039346656037ull, b = 0x9e3779b97f4a7c15ull;
  for (unsigned char c : text) {
    a = (a ^ c) * 1099511628211ull;
    b = (b ^ c) * 1099511628211ull;
    b ^= b >> 29;
  }
  char result[40];
  snprintf(result, sizeof result, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
  return result;
}

bool run(const std::vector<std::string> &command, const std::string &output) {
  std::vector<char *> arguments;
  for (const std::string &part : command) arguments.push_back(const_cast<char *>(part.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t process;
  int status = -1;
  const int failed = posix_spawn(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return false;
  while (waitpid(process, &status, 0) < 0) {}
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool compile(const std::string &text, const std::string &name, const std::vector<std::string> &defines,
             std::string &code, std::string &log) {
  // The rest of the file belongs to the launcher: where the arrays in shared memory are.
  std::string whole = "#define reinterpret_cast emulated_cast\n#line 1 \"" + name + "\"\n" + text +
                      "\nEmulatedCard *apus_card;\n"
                      "extern \"C\" __attribute__((weak, visibility(\"hidden\"))) unsigned char "
                      "__start_apus_shared[], __stop_apus_shared[];\n"
                      "extern \"C\" unsigned char *const apus_shared_start, *const apus_shared_end;\n"
                      "unsigned char *const apus_shared_start = __start_apus_shared, "
                      "*const apus_shared_end = __stop_apus_shared;\n";
  const char *races = getenv("APUS_EMULATED_RACES");
  const bool finds_races = races && *races && *races != '0';
  std::string key = std::string(BUILD) + (finds_races ? " with races " : "") + name + "\n";
  for (const std::string &define : defines) key += define + "\n";
  const char *setting = getenv("APUS_EMULATED_CACHE");
  const std::string cache = setting && *setting ? setting : folder() + "/cache";
  const std::string kept = cache + "/" + digest(key + whole) + ".so";
  code = read(kept);
  log.clear();
  if (!code.empty()) return true;

  mkdir(cache.c_str(), 0700);
  std::string work = cache + "/work-XXXXXX";
  if (!mkdtemp(&work[0])) {
    log = "no folder can be made in " + cache;
    return false;
  }
  const std::string source = work + "/kernel.cpp", object = work + "/kernel.so", output = work + "/log";
  std::ofstream(source, std::ios::binary) << whole;
  // What a card would fault on or do otherwise, and this processor would let pass, ends in a trap (Card/faults.cpp).
  std::vector<std::string> flags = {
      "-std=c++17", "-O1", "-march=native", "-fPIC", "-w", "-DAPUS_EMULATED",
      "-fsanitize=alignment,bounds,shift-exponent", "-fsanitize-trap=alignment,bounds,shift-exponent"};
  if (finds_races)
    for (const char *flag : {"-DAPUS_EMULATED_RACES", "-fsanitize-coverage=func,trace-loads,trace-stores"})
      flags.push_back(flag);
  // The prelude is half of the work: it is done once.
  const std::string prelude = folder() + (finds_races ? "/races.pch" : "/threads.pch");
  const std::string made = prelude + "." + std::to_string(getpid());
  bool is_compiled = true;
  if (access(prelude.c_str(), R_OK)) {
    std::vector<std::string> command = {CLANG, "-x", "c++-header", folder() + "/Prelude/threads.h", "-o", made};
    command.insert(command.end(), flags.begin(), flags.end());
    is_compiled = run(command, output);
    if (is_compiled) rename(made.c_str(), prelude.c_str());
  }
  if (is_compiled) {
    std::vector<std::string> command = {CLANG, "-include-pch", prelude, source, "-o", object, "-shared", "-fuse-ld=lld",
                                        "-Wl,-Bsymbolic", "-lm"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), defines.begin(), defines.end());
    is_compiled = run(command, output);
  }
  log = read(output);
  if (is_compiled) {
    code = read(object);
    rename(object.c_str(), kept.c_str());
  } else if (log.empty()) {
    log = std::string(CLANG) + " cannot be run";
  }
  for (const std::string &file : {source, object, output}) unlink(file.c_str());
  rmdir(work.c_str());
  return is_compiled;
}
