// Copies of the vectors of some tokens, in the order in which these are taken. Included by a body.

// `width` elements from `column` on of head `head`, of the tokens `at[0 ..< count]` (-1: zeros), to rows of `stride`.
INLINE void V(gather)(const apus_head_vectors *m, const int64_t *at, int64_t count, int64_t head, int64_t head_width,
                      int64_t column, int64_t width, float *out, int64_t stride) {
  int64_t size = (int64_t)apus_dtype_size(m->dtype);
  for (int64_t i = 0; i < count; i++) {
    const char *from = (const char *)m->data + (at[i] * m->stride + head / m->share * head_width + column) * size;
    for (int64_t c = 0; c < stride; c += 16) {
      vf v = {0};
      if (at[i] >= 0 && c < width) v = V(load_up_to)(from, c, width - c, m->dtype) * m->factor;
      memcpy(out + i * stride + c, &v, 64);
    }
  }
}
