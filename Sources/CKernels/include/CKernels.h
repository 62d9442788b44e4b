// CPU kernels of Apus. One operation a file; each has a plain reference beside its fast versions.
// Nothing here allocates a result: the caller owns every buffer. Nothing keeps state between calls but the
// thread pool and the chosen instruction set.
#ifndef APUS_CKERNELS_H
#define APUS_CKERNELS_H

#include "apus_base.h"
#include "apus_pool.h"
#include "apus_gemm.h"
#include "apus_q8.h"
#include "apus_attention.h"
#include "apus_linear_algebra.h"
#include "apus_norm.h"
#include "apus_rotary.h"
#include "apus_activation.h"
#include "apus_columns.h"
#include "apus_embedding.h"
#include "apus_experts.h"
#include "apus_head.h"
#include "apus_optimizer.h"
#include "apus_elementwise.h"
#include "apus_recurrence.h"
#include "apus_convolution.h"
#include "apus_selective_scan.h"
#include "apus_pointwise.h"

#endif
