// Activations whose result is multiplied by a weight of its row, as experts need them.
#ifndef APUS_BODY
#define SOURCE_FILE "../operations/row_activation.c"
#include "apus_activation.h"
#include "apus_pool.h"
typedef struct {
  apus_activation kind;
  int64_t rows, width;
  const void *x, *d_out;
  const float *weights;
  void *out;
  float *d_weights;
  apus_dtype dtype;
} row_activation_job;
enum { rows_per_task = 16 };
static const float clamp_limit = 7, clamp_slope = 1.702f;
#include "for_each_variant.h"

void apus_row_activation(apus_activation kind, int64_t rows, int64_t width, const void *x, const float *weights,
                         void *out, apus_dtype dtype) {
  row_activation_job job = {kind, rows, width, x, NULL, weights, out, NULL, dtype};
  apus_parallel((rows + rows_per_task - 1) / rows_per_task, CHOOSE(row_activation_task), &job);
}
void apus_row_activation_backward(apus_activation kind, int64_t rows, int64_t width, const void *x,
                                  const float *weights, const void *d_out, void *d_x, float *d_weights,
                                  apus_dtype dtype) {
  row_activation_job job = {kind, rows, width, x, d_out, weights, d_x, d_weights, dtype};
  apus_parallel((rows + rows_per_task - 1) / rows_per_task, CHOOSE(row_activation_task), &job);
}

static double value(const void *x, int64_t i, apus_dtype dtype) {
  return dtype == APUS_F32 ? ((const float *)x)[i] : bf16_to_float(((const uint16_t *)x)[i]);
}
static double plain(apus_activation kind, double g, double u) {
  switch (kind) {
  case APUS_SWIGLU: return g / (1 + exp(-g)) * u;
  case APUS_GEGLU: return plain(APUS_GELU, g, 0) * u;
  case APUS_CLAMPED_SWIGLU:
    g = g > 7 ? 7 : g;
    u = u > 7 ? 7 : u < -7 ? -7 : u;
    return g / (1 + exp(-1.702 * g)) * (u + 1);
  case APUS_GEGLU_EXACT: return 0.5 * g * (1 + erf(g * 0.7071067811865476)) * u;
  case APUS_GELU: return 0.5 * g * (1 + tanh(0.7978845608028654 * (g + 0.044715 * g * g * g)));
  default: return g > 0 ? g * g : 0;
  }
}
void apus_row_activation_reference(apus_activation kind, int64_t rows, int64_t width, const void *x,
                                   const float *weights, void *out, apus_dtype dtype) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < width; c++) {
      int64_t at = apus_is_gated(kind) ? r * 2 * width + c : r * width + c;
      double up = apus_is_gated(kind) ? value(x, at + width, dtype) : 0;
      double y = plain(kind, value(x, at, dtype), up) * (weights ? weights[r] : 1);
      if (dtype == APUS_F32) ((float *)out)[r * width + c] = (float)y;
      else ((uint16_t *)out)[r * width + c] = float_to_bf16((float)y);
    }
}

#else

// Of the magnitude, so that nothing overflows: sigmoid(-|x|) = e / (1 + e), sigmoid(|x|) = 1 / (1 + e).
INLINE vf V(sigmoid)(vf x, const apus_dtype type) {
  vi negative = (vi)(x < vsplat(0));
  vf below = vselect(negative, x, -x), e = type == APUS_F32 ? V(exp)(below) : V(exp_coarse)(below);
  return vselect(negative, e, vsplat(1)) / (1.0f + e);
}
// GELU in its tanh form and its slope; tanh(z) = 1 - 2 / (1 + e^2z).
INLINE vf V(gelu_and_slope)(vf x, vf *slope) {
  vf z = 0.7978845608028654f * (x + 0.044715f * x * x * x), t = 1.0f - 2.0f / (1.0f + V(exp)(2.0f * z));
  *slope = 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.7978845608028654f * (1.0f + 3 * 0.044715f * x * x);
  return 0.5f * x * (1.0f + t);
}
// GELU as it is defined and its slope, with the error function of Abramowitz and Stegun 7.1.26, right within 1.5e-7.
INLINE vf V(exact_gelu_and_slope)(vf x, vf *slope) {
  vi negative = (vi)(x < vsplat(0));
  vf density = V(exp)(-0.5f * x * x), t = 1.0f / (1.0f + 0.23164189f * vselect(negative, -x, x));
  vf outside = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  vf beyond = 0.5f * density * outside, below = vselect(negative, beyond, 1.0f - beyond);
  *slope = below + 0.3989422804f * x * density;
  return x * below;
}
// The activation and its slopes by g and by u.
INLINE vf V(activation)(const apus_activation kind, vf g, vf u, vf *by_g, vf *by_u, const apus_dtype type) {
  switch (kind) {
  case APUS_SWIGLU: {
    vf s = V(sigmoid)(g, type);
    *by_g = u * s * (1.0f + g * (1.0f - s));
    *by_u = g * s;
    return g * s * u;
  }
  case APUS_GEGLU: {
    vf slope, y = V(gelu_and_slope)(g, &slope);
    *by_g = u * slope;
    *by_u = y;
    return y * u;
  }
  case APUS_GEGLU_EXACT: {
    vf slope, y = V(exact_gelu_and_slope)(g, &slope);
    *by_g = u * slope;
    *by_u = y;
    return y * u;
  }
  case APUS_CLAMPED_SWIGLU: {
    vf limit = vsplat(clamp_limit);
    vi over = (vi)(g > limit), outside = (vi)(u > limit) | (vi)(u < -limit);
    vf gate = vselect(over, limit, g), up = vselect((vi)(u > limit), limit, vselect((vi)(u < -limit), -limit, u));
    vf s = V(sigmoid)(gate * clamp_slope, type), glu = gate * s;
    *by_g = vselect(over, vsplat(0), (up + 1.0f) * s * (1.0f + clamp_slope * gate * (1.0f - s)));
    *by_u = vselect(outside, vsplat(0), glu);
    return glu * (up + 1.0f);
  }
  case APUS_GELU: return V(gelu_and_slope)(g, by_g);
  default: {
    vf positive = vselect((vi)(g < vsplat(0)), vsplat(0), g);
    *by_g = 2.0f * positive;
    return positive * positive;
  }
  }
}

INLINE void V(row_activation_rows)(const row_activation_job *j, int64_t row0, int64_t row1, const apus_activation kind,
                                   const bool backward, const apus_dtype type) {
  const bool gated = apus_is_gated(kind);
  for (int64_t r = row0; r < row1; r++) {
    const float weight = j->weights ? j->weights[r] : 1;
    vf by_weight = vsplat(0);
    for (int64_t c = 0; c < j->width; c += 16) {
      int64_t n = j->width - c, at = gated ? r * 2 * j->width + c : r * j->width + c, to = r * j->width + c;
      vf g = V(stream_up_to)(j->x, at, n, type), u = gated ? V(stream_up_to)(j->x, at + j->width, n, type) : vsplat(0);
      vf by_g, by_u = vsplat(0), y = V(activation)(kind, g, u, &by_g, &by_u, type);
      if (backward) {
        vf d = V(stream_up_to)(j->d_out, to, n, type);
        by_weight += d * y;
        d *= weight;
        V(store_up_to)(j->out, at, n, d * by_g, type);
        if (gated) V(store_up_to)(j->out, at + j->width, n, d * by_u, type);
      } else {
        V(store_up_to)(j->out, to, n, y * weight, type);
      }
    }
    if (backward && j->d_weights) j->d_weights[r] = V(sum)(by_weight);
  }
}
INLINE void V(row_activation_kinds)(const row_activation_job *j, int64_t row0, int64_t row1, const bool backward,
                                    const apus_dtype type) {
  switch (j->kind) {
  case APUS_SWIGLU: V(row_activation_rows)(j, row0, row1, APUS_SWIGLU, backward, type); break;
  case APUS_GEGLU: V(row_activation_rows)(j, row0, row1, APUS_GEGLU, backward, type); break;
  case APUS_CLAMPED_SWIGLU: V(row_activation_rows)(j, row0, row1, APUS_CLAMPED_SWIGLU, backward, type); break;
  case APUS_GEGLU_EXACT: V(row_activation_rows)(j, row0, row1, APUS_GEGLU_EXACT, backward, type); break;
  case APUS_GELU: V(row_activation_rows)(j, row0, row1, APUS_GELU, backward, type); break;
  default: V(row_activation_rows)(j, row0, row1, APUS_RELU_SQUARED, backward, type);
  }
}
static void V(row_activation_task)(void *context, int64_t chunk, int worker) {
  (void)worker;
  const row_activation_job *j = context;
  int64_t row0 = chunk * rows_per_task, row1 = row0 + rows_per_task < j->rows ? row0 + rows_per_task : j->rows;
  if (j->d_out && j->dtype == APUS_F32) V(row_activation_kinds)(j, row0, row1, true, APUS_F32);
  else if (j->d_out) V(row_activation_kinds)(j, row0, row1, true, APUS_BF16);
  else if (j->dtype == APUS_F32) V(row_activation_kinds)(j, row0, row1, false, APUS_F32);
  else V(row_activation_kinds)(j, row0, row1, false, APUS_BF16);
}
#endif
