// Zeros by all threads: one alone does not fill memory as fast as it can be filled.
#include "apus_elementwise.h"
#include "apus_pool.h"
#include <string.h>

enum { fill_chunk = 1 << 20 };
typedef struct {
  char *x;
  int64_t bytes;
} fill_job;

static void fill_task(void *context, int64_t chunk, int worker) {
  (void)worker;
  const fill_job *j = context;
  int64_t first = chunk * fill_chunk, count = j->bytes - first < fill_chunk ? j->bytes - first : fill_chunk;
  memset(j->x + first, 0, (size_t)count);
}

void apus_fill_zero(int64_t bytes, void *x) {
  fill_job job = {x, bytes};
  apus_parallel((bytes + fill_chunk - 1) / fill_chunk, fill_task, &job);
}
