import Formats

/// The types that weights are saved in.
public enum WeightType: String, Sendable, CaseIterable {
  case float32 = "f32"
  case float16 = "f16"
  case bfloat16 = "bf16"
  /// Blocks of 32 signed bytes with one scale; GGUF only.
  case q8_0

  /// The name that `config.json` has for it.
  public var huggingFaceName: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .q8_0: "q8_0"
    }
  }

  /// The type of a tensor in a GGUF file.
  var gguf: GGUFTensorType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .q8_0: .q8_0
    }
  }

  /// The element of a tensor in a safetensors file, nil where there is none.
  var safetensors: TensorElement? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .q8_0: nil
    }
  }
}
