// Functions of one number and their slopes, in vectors. Included by a body.

INLINE vf V(sigmoid)(vf x) {
  // Of the magnitude, so that nothing overflows.
  vi negative = (vi)(x < vsplat(0));
  vf e = V(exp)(vselect(negative, x, -x));
  return vselect(negative, e, vsplat(1)) / (1.0f + e);
}
// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), the logarithm as 2 artanh(e / (2 + e)).
INLINE vf V(softplus)(vf x) {
  vi negative = (vi)(x < vsplat(0));
  vf e = V(exp)(vselect(negative, x, -x)), z = e / (2.0f + e), s = z * z, p = vsplat(1.0f / 15);
  p = p * s + 1.0f / 13;
  p = p * s + 1.0f / 11;
  p = p * s + 1.0f / 9;
  p = p * s + 1.0f / 7;
  p = p * s + 1.0f / 5;
  p = p * s + 1.0f / 3;
  p = p * s + 1.0f;
  return vselect(negative, vsplat(0), x) + 2.0f * z * p;
}
INLINE vf V(function)(vf x, const apus_function f) {
  if (f == APUS_SIGMOID) return V(sigmoid)(x);
  if (f == APUS_SILU) return x * V(sigmoid)(x);
  if (f == APUS_LOG_SIGMOID) return -V(softplus)(-x);
  if (f == APUS_SOFTPLUS) return V(softplus)(x);
  if (f == APUS_EXP) return V(exp)(x);
  if (f == APUS_TANH) return V(tanh)(x);
  if (f == APUS_RELU) return V(max)(x, vsplat(0));
  if (f == APUS_LOG_ONE_MINUS) return V(log)(V(max)(1.0f - x, vsplat(1e-6f)));
  return x;
}
INLINE vf V(slope)(vf x, const apus_function f) {
  if (f == APUS_SIGMOID) {
    vf s = V(sigmoid)(x);
    return s * (1.0f - s);
  }
  if (f == APUS_SILU) {
    vf s = V(sigmoid)(x);
    return s * (1.0f + x * (1.0f - s));
  }
  if (f == APUS_LOG_SIGMOID) return V(sigmoid)(-x);
  if (f == APUS_SOFTPLUS) return V(sigmoid)(x);
  if (f == APUS_EXP) return V(exp)(x);
  if (f == APUS_TANH) {
    vf t = V(tanh)(x);
    return 1.0f - t * t;
  }
  if (f == APUS_RELU) return vselect((vi)(x > vsplat(0)), vsplat(1), vsplat(0));
  if (f == APUS_LOG_ONE_MINUS) {
    vf left = 1.0f - x;
    return vselect((vi)(left > vsplat(1e-6f)), -1.0f / left, vsplat(0));
  }
  return vsplat(1);
}
// Runs `statement` with the constant `f`, so that each function gets a loop of its own.
#define EACH_FUNCTION(which, statement)                                                                                \
  switch (which) {                                                                                                     \
  case APUS_SIGMOID: { const apus_function f = APUS_SIGMOID; statement; break; }                                       \
  case APUS_SILU: { const apus_function f = APUS_SILU; statement; break; }                                             \
  case APUS_LOG_SIGMOID: { const apus_function f = APUS_LOG_SIGMOID; statement; break; }                               \
  case APUS_SOFTPLUS: { const apus_function f = APUS_SOFTPLUS; statement; break; }                                     \
  case APUS_EXP: { const apus_function f = APUS_EXP; statement; break; }                                               \
  case APUS_TANH: { const apus_function f = APUS_TANH; statement; break; }                                             \
  case APUS_RELU: { const apus_function f = APUS_RELU; statement; break; }                                             \
  case APUS_LOG_ONE_MINUS: { const apus_function f = APUS_LOG_ONE_MINUS; statement; break; }                           \
  default: { const apus_function f = APUS_IDENTITY; statement; break; }                                                \
  }
