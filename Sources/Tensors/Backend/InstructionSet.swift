import CKernels
import Foundation

/// Kernel variants of the CPU, from the one that runs everywhere to the one that runs on few machines.
public enum InstructionSet: String, Sendable, CaseIterable {
  case portable, avx2, avx512, amx

  /// Thrown when a forced variant cannot be had.
  public struct Unavailable: Error, CustomStringConvertible {
    public let description: String
  }

  /// The variant that kernels run in now.
  public static var current: InstructionSet { Self(apus_isa_current()) }
  /// The best one that this machine has.
  public static var best: InstructionSet { Self(apus_isa_best()) }
  /// Whether AVX-512 kernels multiply bf16 pairs in hardware here.
  public static var hasBFloat16Products: Bool { apus_isa_has_avx512_bf16() }
  /// Threads that parallel work uses, the caller included.
  public static var threads: Int { Int(apus_pool_threads()) }

  private init(_ isa: apus_isa) {
    switch isa {
    case APUS_ISA_AMX: self = .amx
    case APUS_ISA_AVX512: self = .avx512
    case APUS_ISA_AVX2: self = .avx2
    default: self = .portable
    }
  }

  /// Makes all kernels run in this variant. Matrices packed before must be packed anew.
  /// - Throws: ``Unavailable`` where the machine lacks it.
  public func select() throws(Unavailable) {
    let isa: apus_isa =
      switch self {
      case .portable: APUS_ISA_PORTABLE
      case .avx2: APUS_ISA_AVX2
      case .avx512: APUS_ISA_AVX512
      case .amx: APUS_ISA_AMX
      }
    guard apus_isa_select(isa) else {
      throw Unavailable(
        description: "this machine has no \(rawValue) instructions; its best variant is \(Self.best.rawValue)")
    }
  }

  /// Runs the AMX variant with its tile unit computed in plain C, to check its packing and loops on a machine with
  /// AVX-512 but without AMX. False where there is no AVX-512.
  public static func selectEmulatedAMX() -> Bool { apus_isa_select_emulated_amx() }

  /// Sets the number of threads of parallel work. Results never depend on it.
  public static func setThreads(_ count: Int) { apus_pool_set_threads(Int32(clamping: count)) }

  /// Applies `APUS_ISA` (portable, avx2, avx512, amx) and `APUS_THREADS`.
  /// - Throws: ``Unavailable`` for a value that is not one of these or not to be had.
  public static func applyEnvironment(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Unavailable) {
    if let name = environment["APUS_ISA"], !name.isEmpty {
      guard let isa = InstructionSet(rawValue: name.lowercased()) else {
        throw Unavailable(description: "APUS_ISA: '\(name)' is not one of amx, avx512, avx2, portable")
      }
      try isa.select()
    }
    if let text = environment["APUS_THREADS"], !text.isEmpty {
      guard let count = Int(text), (1...256).contains(count) else {
        throw Unavailable(description: "APUS_THREADS: '\(text)' is not a number from 1 to 256")
      }
      setThreads(count)
    }
  }
}
