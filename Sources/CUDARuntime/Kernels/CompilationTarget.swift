/// What kernels are compiled for: machine code of one kind of card, or code that the driver translates further.
public struct CompilationTarget: Sendable, Hashable, CustomStringConvertible {
  /// As `sm_90a` for machine code, `compute_90` for PTX.
  public let architecture: String

  /// A target by NVRTC's name.
  public init(_ architecture: String) { self.architecture = architecture }

  /// Whether the result is text for the driver.
  public var isPTX: Bool { architecture.hasPrefix("compute_") }
  public var description: String { architecture }
  var option: String { "--gpu-architecture=\(architecture)" }
}

extension NVRTC {
  /// What to compile for a card.
  /// - Throws: ``CUDAError`` where the card is older than all that NVRTC knows.
  public func target(for device: CUDADevice) throws(CUDAError) -> CompilationTarget {
    let capability = device.capability.parts[0] * 10 + device.capability.parts[1]
    if let target = Self.target(capability: capability, known: architectures) { return target }
    let least = architectures.first.map { "\($0 / 10).\($0 % 10)" } ?? "none"
    throw CUDAError(
      .noDevice,
      "\(device.name) has compute capability \(device.capability); NVRTC \(version) compiles for \(least) and later")
  }

  /// The card's own machine code with what only its kind has (the `a` of 9.0 and later) if that is known; else that of
  /// the nearest earlier card of its generation, which it runs too; else PTX of the highest known, for the driver to
  /// translate.
  /// - Parameters:
  ///   - capability: ten times the major number plus the minor one.
  ///   - known: what the compiler knows, ascending.
  public static func target(capability: Int, known: [Int]) -> CompilationTarget? {
    if known.contains(capability) {
      return CompilationTarget("sm_\(capability)\(capability >= 90 ? "a" : "")")
    }
    guard let nearest = known.last(where: { $0 < capability }) else { return nil }
    return CompilationTarget(nearest / 10 == capability / 10 ? "sm_\(nearest)" : "compute_\(nearest)")
  }
}
