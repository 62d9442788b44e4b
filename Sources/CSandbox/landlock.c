// Landlock (Linux 5.13): rights on files that a process takes from itself. The structures and numbers are those of
// linux/landlock.h, which older headers lack; the system calls have the same numbers on all machines.
#define _GNU_SOURCE
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { PATH_BENEATH = 1, GET_VERSION = 1 };

enum {
  EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4,
  REMOVE_FILE = 1 << 5, MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8, MAKE_SOCK = 1 << 9,
  MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11, MAKE_SYM = 1 << 12,
  REFER = 1 << 13,     // version 2; without it, no file changes its folder
  TRUNCATE = 1 << 14,  // version 3
  IOCTL_DEV = 1 << 15  // version 5
};
enum { SCOPE_ABSTRACT_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 };  // version 6
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };                // version 4

struct ruleset_attributes { uint64_t files, network, scopes; };
struct __attribute__((packed)) path_rule { uint64_t allowed; int32_t folder; };

int apus_landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, GET_VERSION);
  return version > 0 ? (int)version : 0;
}

static uint64_t known_rights(int version) {
  uint64_t rights = (1 << 13) - 1;
  if (version >= 2) rights |= REFER;
  if (version >= 3) rights |= TRUNCATE;
  if (version >= 5) rights |= IOCTL_DEV;
  return rights;
}

static int allow(int rules, const char *path, uint64_t rights) {
  int opened = open(path, O_PATH | O_CLOEXEC);
  if (opened < 0) return -1;
  struct stat status;
  if (fstat(opened, &status) == 0 && !S_ISDIR(status.st_mode)) {
    rights &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;
  }
  struct path_rule rule = {rights, opened};
  long result = syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0);
  int code = errno;
  close(opened);
  errno = code;
  return (int)result;
}

int apus_landlock_prepare(const apus_sandbox_program *program) {
  int version = apus_landlock_version();
  uint64_t rights = known_rights(version);
  struct ruleset_attributes attributes = {
    rights, BIND_TCP | CONNECT_TCP, SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL};
  size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  int rules = (int)syscall(CREATE_RULESET, &attributes, size, 0);
  if (rules < 0) return -1;
  int failed = 0;
  for (const char *const *path = program->readable; path && *path; path++) {
    if (allow(rules, *path, EXECUTE | READ_FILE | READ_DIR) && errno != ENOENT && errno != ENOTDIR) failed = errno;
  }
  static const char *const devices[] = {"/dev/zero", "/dev/urandom", "/dev/random", NULL};
  for (const char *const *path = devices; *path; path++) allow(rules, *path, READ_FILE);
  allow(rules, "/dev/null", READ_FILE | WRITE_FILE);
  // No folders within: what is written can be counted and removed without walking a tree that a hostile program grew.
  uint64_t own = WRITE_FILE | READ_FILE | READ_DIR | REMOVE_FILE | MAKE_REG | MAKE_FIFO | MAKE_SYM;
  if (version >= 3) own |= TRUNCATE;
  if (program->folder && allow(rules, program->folder, own)) failed = errno;
  if (failed) {
    close(rules);
    errno = failed;
    return -1;
  }
  return rules;
}

int apus_landlock_enter(int rules) {
  return syscall(RESTRICT_SELF, rules, 0) ? errno : 0;
}
