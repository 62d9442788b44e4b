/// The tensor types of a GGUF file that are read here, by their numbers in the file (ggml's `ggml_type`).
///
/// All but the plain floats keep a row in blocks of `blockSize` values, each with its own scale.
public enum GGUFTensorType: UInt32, Sendable, CaseIterable {
  case float32 = 0
  case float16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case bfloat16 = 30

  /// The type's usual name, as in "Q4_K".
  public var name: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .q4_0: "Q4_0"
    case .q4_1: "Q4_1"
    case .q5_0: "Q5_0"
    case .q5_1: "Q5_1"
    case .q8_0: "Q8_0"
    case .q2_K: "Q2_K"
    case .q3_K: "Q3_K"
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    }
  }

  /// Values of one block.
  public var blockSize: Int {
    switch self {
    case .float32, .float16, .bfloat16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: 256
    }
  }

  /// Bytes of one block.
  public var blockByteCount: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    case .q4_0: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    }
  }

  /// Bytes of a tensor of this shape, outermost dimension first; `nil` when a size is not above 0, a row is no whole
  /// number of blocks, or the count of bytes or values overflows.
  public func byteCount(shape: [Int]) -> Int? {
    let row = shape.last ?? 1
    guard row > 0, row % blockSize == 0 else { return nil }
    var count = row
    for size in shape.dropLast() {
      let product = count.multipliedReportingOverflow(by: size)
      guard size > 0, !product.overflow else { return nil }
      count = product.partialValue
    }
    let bytes = (count / blockSize).multipliedReportingOverflow(by: blockByteCount)
    return bytes.overflow ? nil : bytes.partialValue
  }

  /// What other numbers mean, for the sentence that refuses them.
  static let namesOfOthers: [UInt32: String] = [
    9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0",
    35: "TQ2_0", 39: "MXFP4",
  ]
}
