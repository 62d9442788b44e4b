#define _GNU_SOURCE
#include "apus_base.h"
#include <stdatomic.h>

#if defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>

// AMX needs the kernel's leave to use the tile registers: arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA).
static bool amx_permitted(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }

#include <cpuid.h>
static bool cpuid_bit(unsigned leaf, unsigned subleaf, int reg, int bit) {
  unsigned r[4] = {0};
  if (!__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3])) return false;
  return (r[reg] >> bit) & 1;
}
static apus_isa detect(bool *bf16) {
  __builtin_cpu_init();
  // __builtin_cpu_supports also checks that the operating system saves the wider registers.
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  // Every processor with products of bf16 has those of bytes (VNNI) too; one that hides them counts as without.
  *bf16 = avx512 && cpuid_bit(7, 1, 0, 5) && cpuid_bit(7, 0, 2, 11);
  bool amx = *bf16 && cpuid_bit(7, 0, 3, 22) && cpuid_bit(7, 0, 3, 24) && amx_permitted();
  return amx ? APUS_ISA_AMX : avx512 ? APUS_ISA_AVX512 : avx2 ? APUS_ISA_AVX2 : APUS_ISA_PORTABLE;
}
#else
static apus_isa detect(bool *bf16) {
  *bf16 = false;
  return APUS_ISA_PORTABLE;
}
#endif

// -1: not looked at yet. Detection gives the same answer on every thread, so a race only repeats it.
static _Atomic int best = -1, current = -1, has_bf16 = 0, emulated = 0;

apus_isa apus_isa_best(void) {
  if (best < 0) {
    bool bf16;
    apus_isa isa = detect(&bf16);
    has_bf16 = bf16;
    best = isa;
  }
  return (apus_isa)best;
}
apus_isa apus_isa_current(void) {
  int now = current;
  return now < 0 ? apus_isa_best() : (apus_isa)now;
}
bool apus_isa_select(apus_isa isa) {
  if (isa < APUS_ISA_PORTABLE || isa > apus_isa_best()) return false;
  current = isa;
  emulated = 0;
  return true;
}
bool apus_isa_select_emulated_amx(void) {
  if (apus_isa_best() < APUS_ISA_AVX512 || !has_bf16) return false;
  current = APUS_ISA_AMX;
  emulated = 1;
  return true;
}
bool apus_isa_is_emulated(void) { return emulated; }
bool apus_isa_has_avx512_bf16(void) {
  apus_isa_best();
  return has_bf16;
}
const char *apus_isa_name(apus_isa isa) {
  switch (isa) {
  case APUS_ISA_AMX: return "amx";
  case APUS_ISA_AVX512: return "avx512";
  case APUS_ISA_AVX2: return "avx2";
  default: return "portable";
  }
}
