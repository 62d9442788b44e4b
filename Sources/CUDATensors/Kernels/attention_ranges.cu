// Which keys each query may see, where that is more than causality says: once for all heads and passes.

struct RangesArguments {
  const int *first_keys, *last_keys;  // [sequences, query_length] or NULL
  int64 query_length, key_length, causal, window, chunk, kept;  // 0: no window, no chunks
  KeyRange *ranges;                   // [sequences, query_length]
  KeyRange *reaches;                  // [sequences, gridDim.x]: the ends of those of 64 queries, each taken by itself
};

KERNEL_OF(64, attention_ranges, RangesArguments) {
  __shared__ int ends[4];
  const int thread = threadIdx.x, query = blockIdx.x * 64 + thread;
  if (thread < 4) ends[thread] = thread % 2 == 0 ? 0x7fffffff : -1;
  __syncthreads();
  if (query < a.query_length) {
    const int64 at = blockIdx.y * a.query_length + query, place = query + a.key_length - a.query_length;
    const int64 document = a.first_keys && a.first_keys[at] > 0 ? a.first_keys[at] : 0;
    int64 low = document, high = a.causal ? place : a.key_length - 1;
    if (a.window > 0) low = max(low, place - a.window + 1);
    if (a.chunk > 0 && place >= document) {
      const int64 begin = document + (place - document) / a.chunk * a.chunk;
      low = max(low, begin);
      high = min(high, begin + a.chunk - 1);
    }
    if (a.last_keys) high = min(high, (int64)a.last_keys[at]);
    high = min(high, a.key_length - 1);
    const KeyRange range = {(int)low, (int)high, (int)document, (int)min(document + a.kept - 1, high)};
    a.ranges[at] = range;
    if (range.first <= range.last) {
      atomicMin(&ends[0], range.first);
      atomicMax(&ends[1], range.last);
    }
    if (range.document <= range.kept_last) {
      atomicMin(&ends[2], range.document);
      atomicMax(&ends[3], range.kept_last);
    }
  }
  __syncthreads();
  if (thread == 0) a.reaches[blockIdx.y * gridDim.x + blockIdx.x] = {ends[0], ends[1], ends[2], ends[3]};
}
