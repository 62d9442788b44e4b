// Which blocks of keys a query attends to, by the scores of their mean keys.

struct BlockMeansArguments {
  const T *key;            // [sequences, key_length, width], rows key_stride apart
  const int *first_keys;   // [sequences, key_length] or NULL: each sequence is one document
  int64 key_length, key_stride, width, size, first_block, rows;
  float *means;            // [sequences, rows, width]
};

// A block takes row first_block + blockIdx.x: of the blocks of keys that begin in its stretch of `size` keys at most
// one is whole, since documents follow one another.
KERNEL_OF(128, attention_block_means, BlockMeansArguments) {
  __shared__ int64 found;
  const int64 row = a.first_block + blockIdx.x, sequence = blockIdx.y;
  if (threadIdx.x == 0) found = a.first_keys || (row + 1) * a.size > a.key_length ? -1 : row * a.size;
  __syncthreads();
  if (a.first_keys) {
    const int *first_keys = a.first_keys + sequence * a.key_length;
    for (int64 from = row * a.size + threadIdx.x; from < (row + 1) * a.size; from += 128) {
      const int64 last = from + a.size - 1;
      if (last >= a.key_length || first_keys[from] != first_keys[last]) continue;
      if ((from - first_keys[from]) % a.size == 0) found = from;
    }
  }
  __syncthreads();
  const int64 from = found;
  if (from < 0) return;
  for (int64 c = threadIdx.x; c < a.width; c += 128) {
    const T *key = a.key + (sequence * a.key_length + from) * a.key_stride + c;
    float sum = 0.f;
    for (int64 i = 0; i < a.size; i++) sum += to_float(key[i * a.key_stride]);
    a.means[(sequence * a.rows + row) * a.width + c] = sum / (float)a.size;
  }
}

struct ChooseBlocksArguments {
  const T *query;
  const float *means;      // [sequences, rows, kv_heads * head_dim]
  const int *first_keys;   // [sequences, query_length] or NULL
  int64 sequences, query_length, key_length, heads, kv_heads, head_dim, query_stride, rows;
  int64 size, first, local, count;
  uint64 *words;           // [sequences, heads, query_length, word_count]
  int64 word_count;
  float *scores;           // [warps of the launch, rows]
};

// A warp takes queries of heads one after another: the `first` first blocks of the document, the query's own and those
// before it, `local` in all, and of the others the `count` of the largest scores, of equal ones the first.
KERNEL_OF(128, attention_choose_blocks, ChooseBlocksArguments) {
  const int lane = threadIdx.x & 31;
  const int64 items = a.sequences * a.heads * a.query_length, width = a.kv_heads * a.head_dim;
  float *scores = a.scores + global_thread() / 32 * a.rows;
  for (int64 item = global_thread() / 32; item < items; item += global_threads() / 32) {
    const int64 query = item % a.query_length, head = item / a.query_length % a.heads;
    const int64 sequence = item / a.query_length / a.heads, token = sequence * a.query_length + query;
    const int64 place = query + a.key_length - a.query_length, document = a.first_keys ? a.first_keys[token] : 0;
    const int64 own = place < document ? -1 : (place - document) / a.size;
    const int64 near = own < 0 ? 0 : max(own - a.local + 1, (int64)0);
    uint64 *words = a.words + item * a.word_count;
    for (int64 w = lane; w < a.word_count; w += 32) {
      uint64 word = 0;
      for (int64 b = 64 * w; b < 64 * w + 64 && b <= own; b++)
        if (b < a.first || b >= near) word |= (uint64)1 << (b % 64);
      words[w] = word;
    }
    const T *x = a.query + token * a.query_stride + head * a.head_dim;
    const int64 kv = head / (a.heads / a.kv_heads);
    const float *means = a.means + (sequence * a.rows + document / a.size) * width + kv * a.head_dim;
    // The lanes share a mean out, so that they read side by side; four at a time hide what each sum waits for.
    for (int64 b = a.first; b < near; b += 4) {
      float sum[4] = {};
      for (int64 d = lane; d < a.head_dim; d += 32)
        for (int i = 0; i < 4; i++)
          if (b + i < near) sum[i] += to_float(x[d]) * means[(b + i) * width + d];
      for (int i = 0; i < 4; i++) {
        sum[i] = warp_sum(sum[i]);
        if (lane == i && b + i < near) scores[b + i] = sum[i];
      }
    }
    __syncwarp();
    for (int64 i = 0; i < a.count && i < near - a.first; i++) {
      int64 best = -1;
      float score = 0.f;
      for (int64 b = a.first + lane; b < near; b += 32)
        if (scores[b] == scores[b] && (best < 0 || scores[b] > score)) best = b, score = scores[b];
      for (int offset = 16; offset > 0; offset >>= 1) {
        const int64 other = __shfl_xor_sync(0xffffffffu, best, offset);
        const float theirs = __shfl_xor_sync(0xffffffffu, score, offset);
        const bool is_better = best < 0 || theirs > score || (theirs == score && other < best);
        if (other >= 0 && is_better) best = other, score = theirs;
      }
      if (best < 0) break;
      if (best % 32 == (a.first + lane) % 32) {
        scores[best] = __int_as_float(0x7fffffff);  // taken
        words[best / 64] |= (uint64)1 << (best % 64);
      }
      __syncwarp();
    }
  }
}
