// libnvrtc.so.13 for the emulation: "machine code" is a shared object that clang makes of a kernel's text.
#include "compile.h"

#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Result : int { success = 0, invalid_input = 3, invalid_program = 4, invalid_option = 5, compilation = 6 };

struct Program {
  std::string text, name, log, code;
};

std::mutex lock;
std::set<Program *> programs;

bool is_program(Program *program) {
  std::lock_guard<std::mutex> guard(lock);
  return programs.count(program);
}

constexpr int architectures[] = {75, 80, 86, 89, 90, 100, 120};

Result size(Program *program, size_t *bytes, const std::string &(*part)(Program *), size_t more) {
  if (!is_program(program)) return invalid_program;
  *bytes = part(program).size() + more;
  return success;
}

Result content(Program *program, char *to, const std::string &(*part)(Program *), size_t more) {
  if (!is_program(program)) return invalid_program;
  memcpy(to, part(program).c_str(), part(program).size() + more);
  return success;
}

const std::string &log_of(Program *program) { return program->log; }
const std::string &code_of(Program *program) { return program->code; }

}  // namespace

EXPORT Result nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 0;
  return success;
}

EXPORT const char *nvrtcGetErrorString(int error) {
  switch (error) {
  case success: return "NVRTC_SUCCESS";
  case invalid_input: return "NVRTC_ERROR_INVALID_INPUT";
  case invalid_program: return "NVRTC_ERROR_INVALID_PROGRAM";
  case invalid_option: return "NVRTC_ERROR_INVALID_OPTION";
  case compilation: return "NVRTC_ERROR_COMPILATION";
  default: return "NVRTC_ERROR unknown";
  }
}

EXPORT Result nvrtcGetNumSupportedArchs(int *count) {
  *count = sizeof architectures / sizeof *architectures;
  return success;
}

EXPORT Result nvrtcGetSupportedArchs(int *to) {
  memcpy(to, architectures, sizeof architectures);
  return success;
}

EXPORT Result nvrtcCreateProgram(Program **program, const char *text, const char *name, int headers,
                                 const char *const *, const char *const *) {
  if (!program || !text || headers) return invalid_input;
  *program = new Program{text, name ? name : "default_program", "", ""};
  std::lock_guard<std::mutex> guard(lock);
  programs.insert(*program);
  return success;
}

EXPORT Result nvrtcDestroyProgram(Program **program) {
  std::lock_guard<std::mutex> guard(lock);
  if (!programs.erase(*program)) return invalid_program;
  delete *program;
  *program = nullptr;
  return success;
}

EXPORT Result nvrtcCompileProgram(Program *program, int count, const char *const *options) {
  if (!is_program(program)) return invalid_program;
  std::vector<std::string> defines;
  for (int i = 0; i < count; i++) {
    if (options[i][0] != '-') {
      program->log = std::string("nvrtc: error: unrecognized option ") + options[i];
      return invalid_option;
    }
    if (!strncmp(options[i], "-D", 2)) defines.push_back(options[i]);
  }
  return compile(program->text, program->name, defines, program->code, program->log) ? success : compilation;
}

EXPORT Result nvrtcGetProgramLogSize(Program *program, size_t *bytes) { return size(program, bytes, log_of, 1); }
EXPORT Result nvrtcGetProgramLog(Program *program, char *to) { return content(program, to, log_of, 1); }
EXPORT Result nvrtcGetCUBINSize(Program *program, size_t *bytes) { return size(program, bytes, code_of, 0); }
EXPORT Result nvrtcGetCUBIN(Program *program, char *to) { return content(program, to, code_of, 0); }
EXPORT Result nvrtcGetPTXSize(Program *program, size_t *bytes) { return size(program, bytes, code_of, 0); }
EXPORT Result nvrtcGetPTX(Program *program, char *to) { return content(program, to, code_of, 0); }
