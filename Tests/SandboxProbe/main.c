// Misbehaves on request, for the tests of the sandbox. What was refused is said on standard output, and what was not.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int told(const char *what, long result) {
  if (result < 0) printf("%s: refused (%s)\n", what, strerror(errno));
  else printf("%s: allowed\n", what);
  return 0;
}

static void *idle(void *unused) {
  pause();
  return unused;
}

static int open_and_close(const char *path, int flags) {
  int file = open(path, flags, 0600);
  if (file >= 0) close(file);
  return file;
}

static int sockets(void) {
  told("socket inet", socket(AF_INET, SOCK_STREAM, 0));
  told("socket inet6", socket(AF_INET6, SOCK_DGRAM, 0));
  told("socket unix", socket(AF_UNIX, SOCK_STREAM, 0));
  told("socket netlink", socket(AF_NETLINK, SOCK_RAW, 0));
  int pair[2];
  told("pair of datagrams", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0x7f000001)}};
  told("connect", connect(0, (struct sockaddr *)&address, sizeof address));
  return told("ring", syscall(425, 1, NULL));
}

static int others(pid_t parent) {
  told("kill parent", kill(parent, SIGKILL));
  told("kill all", kill(-1, SIGKILL));
  told("kill group", kill(0, SIGKILL));
  told("limit parent", prlimit(parent, RLIMIT_CPU, &(struct rlimit){0, 0}, NULL));
  told("trace parent", syscall(SYS_ptrace, 16, parent, 0, 0));
  told("descriptor of parent", syscall(434, parent, 0));
  int ends[2];
  if (pipe(ends)) return 1;
  told("own a descriptor for parent", fcntl(ends[0], F_SETOWN, parent));
  told("namespace", unshare(0x10000000));
  told("raise own limit", setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}));
  return told("signal itself", kill(getpid(), SIGCONT));
}

static int files(const char *outside) {
  char path[4096];
  told("read outside", open_and_close(outside, O_RDONLY));
  told("write outside", open_and_close(outside, O_WRONLY));
  told("truncate outside", truncate(outside, 0));
  told("open and truncate outside", open_and_close(outside, O_RDONLY | O_TRUNC));
  told("permissions outside", chmod(outside, 0));
  told("owner outside", chown(outside, 1, 1));
  told("label outside", setxattr(outside, "user.a", "b", 1, 0));
  told("remove outside", unlink(outside));
  told("rename from outside", rename(outside, "stolen"));
  told("link to outside", link(outside, "linked"));
  snprintf(path, sizeof path, "%s.new", outside);
  told("make outside", open_and_close(path, O_CREAT | O_WRONLY));
  told("folder inside", mkdir("folder", 0700));
  told("write inside", open_and_close("own", O_CREAT | O_WRONLY));
  told("read inside", open_and_close("own", O_RDONLY));
  told("processes", open_and_close("/proc/1/environ", O_RDONLY));
  told("memory of itself", open_and_close("/proc/self/mem", O_RDWR));
  told("passwords", open_and_close("/etc/passwd", O_RDONLY));
  told("terminal", open_and_close("/dev/tty", O_RDWR));
  return 0;
}

int main(int count, char **arguments) {
  const char *what = count > 1 ? arguments[1] : "";
  const char *with = count > 2 ? arguments[2] : "";
  setvbuf(stdout, NULL, _IOLBF, 1 << 12);
#define IS(name) (strcmp(what, name) == 0)
  if (IS("loop")) for (;;) {}
  if (IS("sleep")) for (;;) pause();
  if (IS("exit")) return atoi(with);
  if (IS("signal")) raise(SIGTERM);
  if (IS("echo")) {
    int byte;
    while ((byte = getchar()) != EOF) putchar(byte);
    fputs("end", stderr);
    return dprintf(3, "%s", with) < 0;
  }
  if (IS("environment")) {
    extern char **environ;
    for (char **entry = environ; *entry; entry++) puts(*entry);
    printf("%d descriptors\n", open("/dev/null", O_RDONLY));
  }
  if (IS("fork")) {
    for (int i = 0; i < 1000; i++) {
      if (fork() < 0) return told("fork", -1);
    }
    return told("fork", 0);
  }
  if (IS("threads")) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    pthread_t thread;
    int made = 0;
    while (made < atoi(with) && pthread_create(&thread, &small, idle, NULL) == 0) made++;
    printf("%d threads\n", made);
    for (;;) pause();
  }
  if (IS("memory")) {
    size_t taken = 0, block = 64 << 20;
    // Volatile, or the compiler sees that nobody reads the memory and takes none.
    void *volatile memory;
    while (taken < (size_t)10 << 30 && (memory = malloc(block))) {
      memset(memory, 1, block);
      taken += block;
    }
    printf("%zu MiB\n", taken >> 20);
  }
  if (IS("talk")) {
    static char line[1 << 16];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 1 << 14; i++) {
      if (write(1, line, sizeof line) < 0) return 1;
    }
  }
  if (IS("write")) {
    static char block[1 << 20];
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 4096; i++) {
      char name[32];
      snprintf(name, sizeof name, "file%d", i);
      int file = open(name, O_CREAT | O_WRONLY, 0600);
      while (write(file, block, sizeof block) > 0) {}
      close(file);
    }
    puts("wrote all");
  }
  if (IS("sockets")) return sockets();
  if (IS("others")) return others(getppid());
  if (IS("files")) return files(with);
  return 0;
}
