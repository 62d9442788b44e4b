#ifndef APUS_SANDBOX_H
#define APUS_SANDBOX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What the kernel can refuse to a program.
typedef enum {
  APUS_SANDBOX_FILES = 1,         // Landlock: files outside the allowed folders
  APUS_SANDBOX_SYSTEM_CALLS = 2,  // seccomp: sockets, processes, signals to others, mounts, permissions of files
} apus_sandbox_protection;

/// The protections that this kernel offers, as a sum of `apus_sandbox_protection`. Tries nothing that lasts.
int apus_sandbox_available(void);

/// A program to be started, and what it may do. Strings end in NUL, lists in NULL.
typedef struct {
  const char *path;
  char *const *arguments;          // the program's own name first
  char *const *environment;
  const char *folder;              // where it starts and may make and change files; NULL: the current one, none
  const char *const *readable;     // files and folders that it may read and run; those that are missing are left out
  int input, output, errors;       // become 0, 1 and 2
  int report;                      // becomes 3, or -1
  uint64_t memory_bytes;           // of its address space
  uint64_t file_bytes;             // of one file that it writes
  uint64_t cpu_seconds;
  uint64_t open_files;
  int protections;                 // those to apply; the caller asks `apus_sandbox_available` first
} apus_sandbox_program;

/// Why a program did not start: what was tried, and the system's error number.
typedef struct {
  const char *step;
  int code;
} apus_sandbox_failure;

/// Starts a program that can never leave what is allowed: limits, no privileges, no capabilities, a session of its own;
/// it dies with the calling thread. With both protections it is one process for all its life.
/// - Returns: its process number, or -1 with `failure` filled.
pid_t apus_sandbox_start(const apus_sandbox_program *program, apus_sandbox_failure *failure);

/// A descriptor that becomes readable when the process has ended, or -1.
int apus_sandbox_watch(pid_t process);

/// An anonymous file in memory, closed on exec, or -1.
int apus_sandbox_memory_file(void);

/// A pipe, closed on exec, whose reading end never waits: 0, or -1 with errno.
int apus_sandbox_pipe(int *reading, int *writing);
#endif
