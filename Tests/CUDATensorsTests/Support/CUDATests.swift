import Testing

/// All that runs on an emulated card, one test after the other: it is one card.
@Suite(.serialized) struct CUDATests {}
