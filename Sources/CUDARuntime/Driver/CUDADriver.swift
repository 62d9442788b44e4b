/// NVIDIA's driver, opened and started.
public final class CUDADriver: Sendable {
  /// The file that it was opened from.
  public let path: String
  /// The CUDA version that it speaks, as in 13.0.
  public let version: CUDAVersion
  let functions: DriverFunctions

  /// Finds, opens and starts the driver.
  /// - Throws: ``CUDAError`` where it is missing, too old, or finds no card.
  public init(_ finder: LibraryFinder = LibraryFinder()) throws(CUDAError) {
    let library = try finder.open(.driver)
    functions = try DriverFunctions(library)
    path = library.path
    var number: Int32 = 0
    _ = functions.driverVersion(&number)
    version = CUDAVersion(thousands: Int(number))
    let code = functions.initialize(0)
    if code == 100 {
      throw CUDAError(.noDevice, "NVIDIA's driver \(library.path) finds no card: 'nvidia-smi' should list it")
    }
    guard code == 0 else { throw Self.error(code, functions, "starting NVIDIA's driver \(library.path)", device: nil) }
  }

  /// Number of cards; `CUDA_VISIBLE_DEVICES` hides some.
  public func deviceCount() throws(CUDAError) -> Int {
    var count: Int32 = 0
    try check(functions.deviceCount(&count), "counting the cards")
    return Int(count)
  }

  /// Throws where a call failed.
  /// - Parameters:
  ///   - code: what the call returned.
  ///   - operation: what was tried, with sizes, as the end of a sentence.
  ///   - device: name of the card.
  func check(
    _ code: Int32, _ operation: @autoclosure () -> String, device: @autoclosure () -> String? = nil
  ) throws(CUDAError) {
    if code != 0 { throw Self.error(code, functions, operation(), device: device()) }
  }

  private static func error(
    _ code: Int32, _ functions: DriverFunctions, _ operation: String, device: String?
  ) -> CUDAError {
    var name: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?
    _ = functions.errorName(code, &name)
    _ = functions.errorText(code, &text)
    let named = name.map { String(cString: $0) } ?? "error \(code)"
    let card = device.map { " on \($0)" } ?? ""
    let reason = text.map { ": " + String(cString: $0) } ?? ""
    return CUDAError(
      code == 2 ? .outOfMemory : .call(code: Int(code)),
      "\(operation)\(card) failed with \(named)\(reason)\(hint(code))")
  }

  /// What helps against some errors, as another sentence.
  private static func hint(_ code: Int32) -> String {
    switch code {
    case 34: "; this libcuda.so.1 is the toolkit's stub for linking: put the driver's own folder first"
    case 200, 209, 222: "; the driver is older than the library that made the code: install a newer driver"
    case 803:
      "; libcuda.so.1 is not of the version of the driver that the kernel has loaded: start the machine again, or in "
        + "a container take the one that the NVIDIA Container Toolkit brings in"
    case 802: "; the cards' fabric manager is not running: start the service nvidia-fabricmanager"
    case 46: "; another process has the card for itself"
    case 700, 715, 716, 717, 718, 719:
      "; an earlier kernel is the cause: APUS_CUDA_SYNCHRONIZE=1 waits for each and names it"
    default: ""
    }
  }
}

/// A version of a library.
public struct CUDAVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
  /// Major, minor and, where the library tells it, patch.
  public let parts: [Int]

  /// The version of these parts.
  public init(_ parts: Int...) { self.parts = parts }

  /// A version in the way of the driver: 13010 is 13.1.
  init(thousands number: Int) { parts = [number / 1000, number % 1000 / 10] }

  /// A version in the way of cuBLAS, cuDNN 9 and NCCL: 130102 is 13.1.2.
  init(tenThousands number: Int) { parts = [number / 10_000, number % 10_000 / 100, number % 100] }

  /// The first part.
  public var major: Int { parts[0] }
  /// The parts between dots.
  public var description: String { parts.map(String.init).joined(separator: ".") }
  public static func < (a: Self, b: Self) -> Bool { a.parts.lexicographicallyPrecedes(b.parts) }
}
