// Choosing experts: a few dozen numbers a token, so plain C. Each token is one thread's.
#include "apus_experts.h"
#include "apus_pool.h"
#include <math.h>
#include <string.h>

enum { tokens_per_task = 32 };

typedef struct {
  int64_t tokens;
  const apus_router *router;
  const float *logits, *choice_bias;
  float *scores, *log_sum_exp, *weights;
  int32_t *chosen;
  // Of the backward pass.
  const float *d_weights, *share_gradient;
  float z_scale;
  float *d_logits;
} route_job;

// Scores of one token; returns the log of the sum of exponentials of its logits.
static float score(const apus_router *r, const float *logits, float *scores) {
  float largest = logits[0], sum = 0;
  for (int64_t e = 1; e < r->experts; e++) largest = logits[e] > largest ? logits[e] : largest;
  for (int64_t e = 0; e < r->experts; e++) sum += scores[e] = expf(logits[e] - largest);
  float inverse = 1 / sum;
  for (int64_t e = 0; e < r->experts; e++) scores[e] = r->sigmoid ? 1 / (1 + expf(-logits[e])) : scores[e] * inverse;
  return largest + logf(sum);
}

// The `count` largest of `values`, first come first where equal, largest first; taken ones become -infinity. Numbers that
// are none come last, but every index is one that was not chosen before.
static void take_largest(float *values, int64_t n, int64_t count, bool *taken, int32_t *indices) {
  memset(taken, 0, (size_t)n * sizeof(bool));
  for (int64_t i = 0; i < count; i++) {
    int64_t best = -1;
    for (int64_t e = 0; e < n; e++)
      if (!taken[e] && (best < 0 || values[e] > values[best])) best = e;
    taken[best] = true;
    indices[i] = (int32_t)best;
  }
}

// Puts the choice values of experts outside the best groups to -infinity.
static void keep_groups(const apus_router *r, float *values, bool *taken, float *group_scores, int32_t *groups) {
  int64_t width = r->experts / r->groups;
  for (int64_t g = 0; g < r->groups; g++) {
    float first = -INFINITY, second = -INFINITY;
    for (int64_t e = g * width; e < (g + 1) * width; e++) {
      if (values[e] > first) {
        second = first;
        first = values[e];
      } else if (values[e] > second) {
        second = values[e];
      }
    }
    group_scores[g] = r->sigmoid && width > 1 ? first + second : first;
  }
  take_largest(group_scores, r->groups, r->chosen_groups, taken, groups);
  for (int64_t g = 0; g < r->groups; g++)
    if (!taken[g])
      for (int64_t e = g * width; e < (g + 1) * width; e++) values[e] = -INFINITY;
}

static void route_task(void *context, int64_t task, int worker) {
  (void)worker;
  const route_job *j = context;
  const apus_router *r = j->router;
  size_t floats = (size_t)r->experts * sizeof(float);
  char *memory = apus_workspace(5, 3 * floats + (size_t)r->experts * sizeof(bool));
  float *values = (float *)memory, *group_scores = (float *)(memory + floats);
  int32_t *groups = (int32_t *)(memory + 2 * floats);
  bool *taken = (bool *)(memory + 3 * floats);
  int64_t last = (task + 1) * tokens_per_task < j->tokens ? (task + 1) * tokens_per_task : j->tokens;
  for (int64_t t = task * tokens_per_task; t < last; t++) {
    float *scores = j->scores + t * r->experts, *weights = j->weights + t * r->chosen, sum = 0;
    int32_t *chosen = j->chosen + t * r->chosen;
    j->log_sum_exp[t] = score(r, j->logits + t * r->experts, scores);
    for (int64_t e = 0; e < r->experts; e++) values[e] = scores[e] + (j->choice_bias ? j->choice_bias[e] : 0);
    if (r->groups > 1) keep_groups(r, values, taken, group_scores, groups);
    take_largest(values, r->experts, r->chosen, taken, chosen);
    for (int64_t i = 0; i < r->chosen; i++) sum += weights[i] = scores[chosen[i]];
    float scale = r->normalize ? r->scale / (sum + 1e-20f) : r->scale;
    for (int64_t i = 0; i < r->chosen; i++) weights[i] *= scale;
  }
}

void apus_route(int64_t tokens, const apus_router *router, const float *logits, const float *choice_bias, float *scores,
                float *log_sum_exp, int32_t *chosen, float *weights) {
  route_job job = {.tokens = tokens, .router = router, .logits = logits, .choice_bias = choice_bias, .scores = scores,
                   .log_sum_exp = log_sum_exp, .weights = weights, .chosen = chosen};
  apus_parallel((tokens + tokens_per_task - 1) / tokens_per_task, route_task, &job);
}

static void backward_task(void *context, int64_t task, int worker) {
  (void)worker;
  const route_job *j = context;
  const apus_router *r = j->router;
  int64_t last = (task + 1) * tokens_per_task < j->tokens ? (task + 1) * tokens_per_task : j->tokens;
  for (int64_t t = task * tokens_per_task; t < last; t++) {
    const float *scores = j->scores + t * r->experts, *d_weights = j->d_weights + t * r->chosen;
    const int32_t *chosen = j->chosen + t * r->chosen;
    float *d = j->d_logits + t * r->experts, sum = 0, mean = 0;
    // The gradient of the scores stands in d until it is turned into that of the logits.
    for (int64_t e = 0; e < r->experts; e++) d[e] = 0;
    for (int64_t i = 0; i < r->chosen; i++) {
      sum += scores[chosen[i]];
      mean += d_weights[i] * scores[chosen[i]];
    }
    sum += 1e-20f;
    for (int64_t i = 0; i < r->chosen; i++)
      d[chosen[i]] = r->normalize ? r->scale / sum * (d_weights[i] - mean / sum) : r->scale * d_weights[i];
    if (j->share_gradient) {
      float all = 0, average = 0;
      for (int64_t e = 0; e < r->experts; e++) {
        all += scores[e];
        average += scores[e] * j->share_gradient[e];
      }
      // Shares of a softmax are the scores themselves; what is constant over the experts drops out below.
      for (int64_t e = 0; e < r->experts; e++)
        d[e] += r->sigmoid ? (j->share_gradient[e] - average / all) / all : j->share_gradient[e];
    }
    float through = 0;
    for (int64_t e = 0; e < r->experts; e++) through += d[e] * scores[e];
    for (int64_t e = 0; e < r->experts; e++) d[e] = scores[e] * (r->sigmoid ? d[e] * (1 - scores[e]) : d[e] - through);
    if (j->z_scale != 0)
      for (int64_t e = 0; e < r->experts; e++)
        d[e] += j->z_scale * j->log_sum_exp[t] * expf(j->logits[t * r->experts + e] - j->log_sum_exp[t]);
  }
}

void apus_route_backward(int64_t tokens, const apus_router *router, const float *logits, const float *scores,
                         const float *log_sum_exp, const int32_t *chosen, const float *d_weights,
                         const float *share_gradient, float z_scale, float *d_logits) {
  route_job job = {.tokens = tokens, .router = router, .logits = logits, .scores = (float *)scores,
                   .log_sum_exp = (float *)log_sum_exp, .chosen = (int32_t *)chosen, .d_weights = d_weights,
                   .share_gradient = share_gradient, .z_scale = z_scale, .d_logits = d_logits};
  apus_parallel((tokens + tokens_per_task - 1) / tokens_per_task, backward_task, &job);
}

void apus_sort_choices(int64_t tokens, int64_t experts, int64_t chosen, const int32_t *choices, int64_t *offsets,
                       int32_t *places, int32_t *sources) {
  for (int64_t e = 0; e <= experts; e++) offsets[e] = 0;
  for (int64_t i = 0; i < tokens * chosen; i++) offsets[choices[i] + 1]++;
  for (int64_t e = 0; e < experts; e++) offsets[e + 1] += offsets[e];
  // Each expert's offset moves on as its rows are placed, up to the next one's, and all move back at the end.
  for (int64_t i = 0; i < tokens * chosen; i++) {
    int64_t place = offsets[choices[i]]++;
    places[i] = (int32_t)place;
    sources[place] = (int32_t)(i / chosen);
  }
  for (int64_t e = experts; e > 0; e--) offsets[e] = offsets[e - 1];
  offsets[0] = 0;
}
