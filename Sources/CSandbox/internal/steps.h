#ifndef APUS_SANDBOX_STEPS_H
#define APUS_SANDBOX_STEPS_H
#include "apus_sandbox.h"

// Each runs in the child between vfork and exec: system calls only, no heap, no locks. They return 0 or an errno.

/// The Landlock version of this kernel, 0 if there is none.
int apus_landlock_version(void);
/// An open Landlock rule set for a program, made before the fork; -1 with errno.
int apus_landlock_prepare(const apus_sandbox_program *program);
/// Puts the calling process under a rule set for ever.
int apus_landlock_enter(int rules);

/// Whether the kernel takes system call filters and this build knows the machine's calls.
bool apus_seccomp_available(void);
/// Puts the calling process under the filter for ever.
int apus_seccomp_enter(void);
#endif
