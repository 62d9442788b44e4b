// The recurrence of linear attention, one token after another. A thread holds ROWS rows of the state of one lane in its
// registers, a warp those of 32 lanes, the WARPS warps of a block all rows. A chunk of tokens lies in shared memory as
// floats; what the warps read of it is added up in their order when the chunk is through. No exponential of a sum of
// decays is taken, so strong decays need no care. ORDER is when a token reads (0: after, 1: decayed, 2: last), AXIS
// what a decay has a number for (0: there is none, 1: head, 2: rows, 3: lanes).
#ifndef ROWS
#define ROWS 16
#define WARPS 4
#define ORDER 0
#define AXIS 2
#endif

// `products`[t, h] += product_factor * reference * result, lane by lane or summed over the block's 32.
struct ScanArguments {
  int64 length, heads, rows, lanes, chunk, reverse;
  HeadVectors read, row, lane;
  const float *decay;
  const int *first;
  void *out;
  int64 out_is_half, out_stride, accumulates;
  float out_factor;
  float *state;
  float *products;
  HeadVectors reference;
  int64 product_width, products_of_lanes;
};

KERNEL_OF(32 * WARPS, scan_tokens, ScanArguments) {
  DYNAMIC_SHARED(memory);
  __shared__ ChunkTokens tokens;
  constexpr int warps = WARPS, stride = WARPS * ROWS;
  const int chunk = (int)a.chunk, warp = threadIdx.x / 32, l = threadIdx.x % 32, row0 = warp * ROWS;
  const int64 head = blockIdx.x % a.heads, sequence = blockIdx.x / a.heads, lane0 = (int64)blockIdx.y * 32;
  const int wide = (int)(a.lanes - lane0 < 32 ? a.lanes - lane0 : 32);
  float *read = reinterpret_cast<float *>(memory), *row = read + chunk * stride, *lane = row + chunk * stride;
  float *partial = lane + chunk * 32, *decay = partial + warps * chunk * 32;

  const int *first = a.first ? a.first + sequence * a.length : nullptr;
  float *kept = a.state ? a.state + ((sequence * a.heads + head) * a.rows + row0) * a.lanes + lane0 + l : nullptr;
  float s[ROWS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) s[i] = kept && l < wide && row0 + i < a.rows ? kept[i * a.lanes] : 0.f;

  for (int64 i0 = 0; i0 < a.length; i0 += chunk) {
    const int count = (int)(a.length - i0 < chunk ? a.length - i0 : chunk);
    __syncthreads();
    find_tokens(tokens, a.first, sequence, a.length, a.reverse, ORDER == 2, i0, count);
    __syncthreads();
    gather(a.read, tokens.rows, count, head, a.rows, 0, a.rows, read, stride);
    gather(a.row, tokens.rows, count, head, a.rows, 0, a.rows, row, stride);
    gather(a.lane, tokens.rows, count, head, a.lanes, lane0, wide, lane, 32);
    if (AXIS == 1 && (int)threadIdx.x < count)
      decay[threadIdx.x] = tokens.decays[threadIdx.x] < 0 ? 0.f : a.decay[tokens.decays[threadIdx.x] * a.heads + head];
    const HeadVectors factors = {a.decay, 0, a.heads * (AXIS == 2 ? a.rows : a.lanes), 1, 1.f};
    if (AXIS == 2) gather(factors, tokens.decays, count, head, a.rows, 0, a.rows, decay, stride);
    if (AXIS == 3) gather(factors, tokens.decays, count, head, a.lanes, lane0, wide, decay, 32);
    __syncthreads();

    for (int t = 0; t < count; t++) {
      if (tokens.begins[t]) {
#pragma unroll
        for (int i = 0; i < ROWS; i++) s[i] = 0;
      }
      const float added = lane[t * 32 + l], factor = AXIS == 1 ? decay[t] : AXIS == 3 ? decay[t * 32 + l] : 1.f;
      float out[4] = {0, 0, 0, 0};
#pragma unroll
      for (int i = 0; i < ROWS; i += 4) {
        const Vector<float> of_read = load_vector(read + t * stride + row0 + i);
        const Vector<float> of_row = load_vector(row + t * stride + row0 + i);
        Vector<float> factors = {{factor, factor, factor, factor}};
        if (AXIS == 2) factors = load_vector(decay + t * stride + row0 + i);
#pragma unroll
        for (int k = 0; k < 4; k++) {
          if (ORDER == 2) out[k] += s[i + k] * of_read.elements[k];
          if (AXIS != 0) s[i + k] *= factors.elements[k];
          if (ORDER == 1) out[k] += s[i + k] * of_read.elements[k];
          s[i + k] += added * of_row.elements[k];
          if (ORDER == 0) out[k] += s[i + k] * of_read.elements[k];
        }
      }
      partial[(warp * chunk + t) * 32 + l] = (out[0] + out[1]) + (out[2] + out[3]);
    }
    __syncthreads();

    for (int t = warp; t < count; t += warps) {
      float x = 0;
      for (int w = 0; w < warps; w++) x += partial[(w * chunk + t) * 32 + l];
      const int64 at = tokens.rows[t];
      if (l < wide) {
        const int64 to = at * a.out_stride + head * a.lanes + lane0 + l;
        float v = x * a.out_factor;
        if (a.accumulates) v += static_cast<const float *>(a.out)[to];
        set_element(a.out, a.out_is_half, to, v);
      }
      if (!a.products) continue;
      // Read before its own decay, a token's result belongs to the decay of the one before.
      const int64 back = ORDER == 2 && !a.reverse ? 1 : 0, token = at - sequence * a.length;
      if (back && (token == 0 || begins_at(first, a.length, false, token))) continue;
      const HeadVectors &r = a.reference;
      const int64 reference_at = at * r.stride + head / r.share * a.lanes + lane0 + l;
      const float product = l < wide ? x * r.factor * element(r.data, r.is_half, reference_at) : 0.f;
      float *to = a.products + ((at - back) * a.heads + head) * a.product_width;
      if (a.products_of_lanes) {
        if (l < wide) to[lane0 + l] += product;
      } else {
        const float sum = warp_sum(product);
        if (l == 0) to[blockIdx.y] += sum;
      }
    }
  }
#pragma unroll
  for (int i = 0; i < ROWS; i++)
    if (kept && l < wide && row0 + i < a.rows) kept[i * a.lanes] = s[i];
}
