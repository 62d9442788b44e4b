/// Where to compute, as people write it: `auto`, `cpu`, `cuda`, `cuda:1`.
public enum DeviceChoice: Sendable, Equatable, CustomStringConvertible {
  /// A card where there is one that can be used, else the processor.
  case auto
  /// The processor.
  case cpu
  /// The card of this number.
  case cuda(Int)

  /// Thrown for a text that is none of these.
  public struct Unknown: Error, CustomStringConvertible {
    public let description: String
  }

  /// Reads a choice.
  /// - Throws: ``Unknown`` naming the text and what would be right.
  public init(_ text: String) throws(Unknown) {
    switch text {
    case "auto": self = .auto
    case "cpu": self = .cpu
    case "cuda": self = .cuda(0)
    default:
      guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 else {
        throw Unknown(description: "'\(text)' is not one of auto, cpu, cuda, cuda:0, cuda:1, …")
      }
      self = .cuda(index)
    }
  }

  public var description: String {
    switch self {
    case .auto: "auto"
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }
}
