#define _GNU_SOURCE
#include "apus_sandbox.h"

#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int apus_sandbox_available(void) {
  int found = 0;
  if (apus_landlock_version() > 0) found |= APUS_SANDBOX_FILES;
  if (apus_seccomp_available()) found |= APUS_SANDBOX_SYSTEM_CALLS;
  return found;
}

/// What the child tells the parent through the memory that they share until exec.
typedef struct {
  const char *volatile step;
  volatile int code;
} note;

#define TRY(name, expression)     \
  do {                            \
    if ((expression) < 0) {       \
      note->step = name;          \
      note->code = errno;         \
      _exit(127);                 \
    }                             \
  } while (0)

static int limit(int resource, uint64_t value) {
  struct rlimit now, wanted = {value, value};
  if (getrlimit(resource, &now)) return -1;
  // A limit that is stricter already stays.
  if (now.rlim_max < wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
  return setrlimit(resource, &wanted);
}

/// Root without privileges: no capabilities now, none from any program run later.
static int drop_capabilities(void) {
  for (int i = 0; i < 64; i++) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
        SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  return (int)syscall(SYS_capset, &header, none);
}

/// Everything between vfork and exec. The descriptors were moved to 10 and above by the parent.
static void become(const apus_sandbox_program *program, const int descriptors[4], int rules, pid_t parent, note *note) {
  struct sigaction plain = {.sa_handler = SIG_DFL};
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, NULL);
  TRY("prctl(PR_SET_PDEATHSIG)", prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  if (getppid() != parent) _exit(127);
  TRY("setsid", setsid());
  for (int i = 0; i < 4; i++) {
    if (descriptors[i] >= 0) TRY("dup2", dup2(descriptors[i], i));
  }
  if (program->folder) TRY("chdir", chdir(program->folder));
  TRY("setrlimit(RLIMIT_AS)", limit(RLIMIT_AS, program->memory_bytes));
  TRY("setrlimit(RLIMIT_FSIZE)", limit(RLIMIT_FSIZE, program->file_bytes));
  TRY("setrlimit(RLIMIT_CPU)", limit(RLIMIT_CPU, program->cpu_seconds));
  TRY("setrlimit(RLIMIT_NOFILE)", limit(RLIMIT_NOFILE, program->open_files));
  TRY("setrlimit(RLIMIT_CORE)", limit(RLIMIT_CORE, 0));
  TRY("setrlimit(RLIMIT_MEMLOCK)", limit(RLIMIT_MEMLOCK, 0));
  TRY("prctl(PR_SET_NO_NEW_PRIVS)", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  TRY("capset", drop_capabilities());
  if (rules >= 0) {
    errno = apus_landlock_enter(rules);
    TRY("landlock_restrict_self", errno ? -1 : 0);
  }
  // All but the four descriptors close: Swift's own, and those that other threads are just making.
  TRY("close_range", syscall(436, descriptors[3] >= 0 ? 4 : 3, ~0u, 0));
  if (program->protections & APUS_SANDBOX_SYSTEM_CALLS) {
    errno = apus_seccomp_enter();
    TRY("seccomp", errno ? -1 : 0);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  TRY("execve", execve(program->path, program->arguments, program->environment));
}

/// A child that borrows this process's memory and waits in it until exec, so that a large model is not copied.
static pid_t spawn(const apus_sandbox_program *program, const int descriptors[4], int rules, note *note) {
  // No handler of this process may run in the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t parent = getpid();
  const pid_t child = vfork();
  if (child == 0) {
    become(program, descriptors, rules, parent, note);
    _exit(127);
  }
  const int code = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child < 0) note->step = "vfork", note->code = code;
  if (child > 0 && note->step) waitpid(child, NULL, 0);
  return child;
}

pid_t apus_sandbox_start(const apus_sandbox_program *program, apus_sandbox_failure *failure) {
  note note = {NULL, 0};
  pid_t child = -1;
  int rules = -1;
  int descriptors[4] = {-1, -1, -1, -1};
  const int given[4] = {program->input, program->output, program->errors, program->report};
  for (int i = 0; i < 4 && !note.step; i++) {
    // Out of the way of 0 to 3, which they become.
    if (given[i] >= 0 && (descriptors[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 10)) < 0) {
      note.step = "fcntl(F_DUPFD)", note.code = errno;
    }
  }
  if (!note.step && program->protections & APUS_SANDBOX_FILES && (rules = apus_landlock_prepare(program)) < 0) {
    note.step = "landlock", note.code = errno;
  }
  if (!note.step) child = spawn(program, descriptors, rules, &note);
  for (int i = 0; i < 4; i++) {
    if (descriptors[i] >= 0) close(descriptors[i]);
  }
  if (rules >= 0) close(rules);
  if (!note.step) return child;
  *failure = (apus_sandbox_failure){note.step, note.code};
  return -1;
}

int apus_sandbox_watch(pid_t process) { return (int)syscall(434 /* pidfd_open */, process, 0); }

int apus_sandbox_memory_file(void) { return (int)syscall(SYS_memfd_create, "input", 1 /* MFD_CLOEXEC */); }

int apus_sandbox_pipe(int *reading, int *writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return -1;
  *reading = ends[0];
  *writing = ends[1];
  return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}
