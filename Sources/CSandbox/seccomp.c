// A filter of system calls (seccomp-bpf). What is named here is refused, all else allowed: a list of allowed calls
// would break with every new libc. Landlock guards the content of files; this guards what Landlock does not see.
#define _GNU_SOURCE
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#ifdef MACHINE
enum { LONGEST_FILTER = 512 };

typedef struct {
  struct sock_filter code[LONGEST_FILTER];
  unsigned short length;
} filter;

static const unsigned refused = SECCOMP_RET_ERRNO | EPERM, missing = SECCOMP_RET_ERRNO | ENOSYS;

static void add(filter *f, struct sock_filter instruction) {
  if (f->length < LONGEST_FILTER) f->code[f->length++] = instruction;
}

#define ADD(...) add(f, (struct sock_filter)__VA_ARGS__)
#define LOAD(field) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field)))
// Both kinds of machine are little-endian: the low half of an argument stands first.
#define LOAD_ARGUMENT(i) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (i)))

/// Answers one call in one way.
static void answer(filter *f, unsigned call, unsigned action) {
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  ADD(BPF_STMT(BPF_RET | BPF_K, action));
}

/// Refuses a call unless `argument & mask` is one of two values; other calls go on with their number loaded.
static void only(filter *f, unsigned call, unsigned argument, unsigned mask, unsigned value, unsigned other) {
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 6));
  LOAD_ARGUMENT(argument);
  ADD(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 2, 0));
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 1, 0));
  ADD(BPF_STMT(BPF_RET | BPF_K, refused));
  ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

/// Refuses a call if `argument & mask` is a value; otherwise it goes on with its number loaded.
static void except(filter *f, unsigned call, unsigned argument, unsigned mask, unsigned value) {
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 5));
  LOAD_ARGUMENT(argument);
  ADD(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  ADD(BPF_STMT(BPF_RET | BPF_K, refused));
  LOAD(nr);
}

/// Calls that no program which computes an answer needs.
static const unsigned forbidden[] = {
  // The network. A pair of connected sockets is no network; event loops wake themselves with one.
  SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
  // Rings of calls that the filter cannot see.
  SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
  // Other processes.
  SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_open, SYS_pidfd_send_signal,
  SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_setpriority, SYS_ioprio_set, SYS_sched_setaffinity,
  SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr, SYS_migrate_pages, SYS_move_pages, SYS_setpgid,
  // Memory that outlives the process or escapes its limit.
  SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semctl, SYS_semop, SYS_semtimedop, SYS_msgget, SYS_msgsnd,
  SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink, SYS_memfd_create, SYS_userfaultfd,
  // Permissions, owners, times and labels of files, which Landlock leaves alone.
  SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
  SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_truncate, SYS_open_by_handle_at, SYS_fanotify_init,
  SYS_fanotify_mark,
  // The system.
  SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_swapon, SYS_swapoff, SYS_reboot,
  SYS_bpf, SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_init_module, SYS_finit_module,
  SYS_delete_module, SYS_kexec_load, SYS_acct, SYS_quotactl, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex,
  SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname, SYS_syslog, SYS_vhangup, SYS_nfsservctl, SYS_personality,
#ifdef __x86_64__
  SYS_fork, SYS_vfork, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_iopl, SYS_ioperm,
  SYS_modify_ldt, SYS_uselib, SYS_kexec_file_load,
#endif
  // Later than the oldest headers that this builds with; the same numbers on both machines.
  428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */,
  438 /* pidfd_getfd */, 440 /* process_madvise */, 442 /* mount_setattr */, 443 /* quotactl_fd */,
  447 /* memfd_secret */, 448 /* process_mrelease */, 452 /* fchmodat2 */, 463 /* setxattrat */,
  466 /* removexattrat */, 467 /* open_tree_attr */, 469 /* file_setattr */,
};

static void build(filter *f, unsigned self) {
  LOAD(arch);
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
  ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  LOAD(nr);
#ifdef __x86_64__
  // The calls of the x32 interface have other numbers.
  ADD(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  ADD(BPF_STMT(BPF_RET | BPF_K, missing));
#endif
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) answer(f, forbidden[i], refused);
  // Their arguments lie in memory, where a filter cannot look; the library falls back to the older call.
  answer(f, 435 /* clone3 */, missing);
  answer(f, 437 /* openat2 */, missing);
  only(f, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD, CLONE_THREAD);
  only(f, SYS_kill, 0, ~0u, self, self);
  only(f, SYS_tgkill, 0, ~0u, self, self);
  only(f, SYS_prlimit64, 0, ~0u, 0, self);
  only(f, SYS_socketpair, 1, 0xf, SOCK_STREAM, SOCK_STREAM);
  // Signals by way of a descriptor's owner.
  except(f, SYS_fcntl, 1, ~0u, F_SETOWN);
  except(f, SYS_fcntl, 1, ~0u, F_SETSIG);
  except(f, SYS_fcntl, 1, ~0u, F_SETOWN_EX);
  except(f, SYS_ioctl, 1, ~0u, 0x8901 /* FIOSETOWN */);
  except(f, SYS_ioctl, 1, ~0u, 0x8902 /* SIOCSPGRP */);
  except(f, SYS_ioctl, 1, ~0u, 0x5412 /* TIOCSTI */);
  except(f, SYS_ioctl, 1, ~0u, 0x541c /* TIOCLINUX */);
  // Opening to read and truncating all the same: the first versions of Landlock let that pass.
  except(f, SYS_openat, 2, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC);
#ifdef __x86_64__
  except(f, SYS_open, 1, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC);
#endif
  ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

bool apus_seccomp_available(void) {
  unsigned action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int apus_seccomp_enter(void) {
  filter f;
  f.length = 0;
  build(&f, (unsigned)getpid());
  if (f.length == LONGEST_FILTER) return E2BIG;
  struct sock_fprog program = {f.length, f.code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? errno : 0;
}
#else
bool apus_seccomp_available(void) { return false; }
int apus_seccomp_enter(void) { return ENOSYS; }
#endif
