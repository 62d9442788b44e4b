#ifndef APUS_ATTENTION_FEW_QUERIES_H
#define APUS_ATTENTION_FEW_QUERIES_H
#include "apus_attention.h"

/// Up to so many queries take the path without packing.
enum { APUS_FEW_QUERIES = 4 };
void apus_attention_few_queries(const apus_attention *spec, const void *q, const void *k, const void *v, void *out,
                                float *lse);
#endif
