// A kernel that shows that a card can be used at all: numbers of every kind of argument arrive, and come back.

struct ProbeArguments {
  float *output;
  const float *input;
  float scale;
  int64 offset;
  int64 count;
};

// output = scale * (input or, without one, the element's number) + offset.
KERNEL(probe, ProbeArguments) {
  for (int64 i = global_thread(); i < a.count; i += global_threads())
    a.output[i] = a.scale * (a.input ? a.input[i] : (float)i) + (float)a.offset;
}
