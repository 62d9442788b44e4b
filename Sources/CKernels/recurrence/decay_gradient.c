// The gradient of a decay from the products that the scans leave: sums from each token to the end of its document.
#include "apus_pool.h"
#include "apus_recurrence.h"
#include "recurrence.h"
#include <string.h>

typedef struct {
  int64_t length, heads, width;
  bool of_lanes;
  const float *products;
  const int32_t *first;
  float *d_decay;
} decay_gradient_job;

static void decay_gradient_task(void *context, int64_t task, int worker) {
  (void)worker;
  const decay_gradient_job *j = context;
  int64_t sequence = task / j->heads, head = task % j->heads, wide = j->of_lanes ? j->width : 1;
  double *sums = apus_workspace(0, (size_t)wide * 8);
  memset(sums, 0, (size_t)wide * 8);
  for (int64_t t = j->length - 1; t >= 0; t--) {
    int64_t at = (sequence * j->length + t) * j->heads + head;
    const float *products = j->products + at * j->width;
    float *to = j->d_decay + at * wide;
    // The first token of a document decays nothing; nor does the first of all.
    bool begins = t == 0 || apus_begins(j->first, sequence, j->length, false, t);
    for (int64_t i = 0; i < j->width; i++) sums[j->of_lanes ? i : 0] += products[i];
    for (int64_t i = 0; i < wide; i++) to[i] = begins ? 0 : (float)sums[i];
    if (begins) memset(sums, 0, (size_t)wide * 8);
  }
}
void apus_decay_gradient(int64_t sequences, int64_t length, int64_t heads, int64_t width, bool of_lanes,
                         const float *products, const int32_t *first, float *d_decay) {
  decay_gradient_job job = {length, heads, width, of_lanes, products, first, d_decay};
  apus_parallel(sequences * heads, decay_gradient_task, &job);
}
