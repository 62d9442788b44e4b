import Formats
import Foundation

/// What finding and opening shared libraries asks of the system; tests give answers of their own.
public struct LibraryLoader: Sendable {
  /// A library that is open.
  public typealias Handle = UInt

  /// Opens a library by path or by bare name, which the system's loader looks for; the reason where it refuses.
  public var open: @Sendable (_ name: String) -> Result<Handle, OpenFailure>
  /// Address of a function, nil where the library has none of that name.
  public var symbol: @Sendable (_ library: Handle, _ name: String) -> UInt?
  /// The file that holds an address.
  public var file: @Sendable (_ address: UInt) -> String?
  /// Whether a file or folder is there.
  public var exists: @Sendable (_ path: String) -> Bool
  /// The names in a folder, sorted; none where it cannot be read.
  public var names: @Sendable (_ folder: String) -> [String]
  /// The process's environment.
  public var environment: [String: String]

  /// Why a library could not be opened, in the loader's words.
  public struct OpenFailure: Error {
    /// The loader's sentence.
    public let reason: String

    /// A failure with this reason.
    public init(_ reason: String) { self.reason = reason }
  }

  /// A loader that answers with these functions.
  public init(
    open: @escaping @Sendable (String) -> Result<Handle, OpenFailure>,
    symbol: @escaping @Sendable (Handle, String) -> UInt?, file: @escaping @Sendable (UInt) -> String?,
    exists: @escaping @Sendable (String) -> Bool, names: @escaping @Sendable (String) -> [String],
    environment: [String: String]
  ) {
    self.open = open
    self.symbol = symbol
    self.file = file
    self.exists = exists
    self.names = names
    self.environment = environment
  }

  /// The system's own.
  /// - Parameter environment: where folders are named; the process's unless another is given.
  public static func system(environment: [String: String] = ProcessInfo.processInfo.environment) -> LibraryLoader {
    LibraryLoader(
      open: { name in
        // Functions are looked up by name, never by other libraries. Half a gigabyte of cuBLASLt is not bound early.
        if let handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL) { return .success(UInt(bitPattern: handle)) }
        return .failure(OpenFailure(dlerror().map { String(cString: $0) } ?? "no reason given"))
      },
      symbol: { library, name in
        dlsym(UnsafeMutableRawPointer(bitPattern: library), name).map { UInt(bitPattern: $0) }
      },
      file: fileHolding,
      exists: { Paths.exists($0) },
      names: { (try? Paths.names(inFolder: $0)) ?? [] },
      environment: environment)
  }

  /// GNU's `dladdr`, which Swift's Glibc does not show; its result is four pointers, the first the file's name.
  @Sendable private static func fileHolding(_ address: UInt) -> String? {
    typealias Function = @convention(c) (UInt, UnsafeMutablePointer<UInt>) -> Int32
    guard let symbol = dlsym(nil, "dladdr") else { return nil }
    var found: [UInt] = [0, 0, 0, 0]
    guard unsafeBitCast(symbol, to: Function.self)(address, &found) != 0 else { return nil }
    return UnsafePointer<CChar>(bitPattern: found[0]).map { String(cString: $0) }
  }
}
