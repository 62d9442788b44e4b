/// NVIDIA's compiler of kernels, as a library.
public struct NVRTC: Sendable {
  /// The file that it was opened from.
  public let path: String
  /// Its version.
  public let version: CUDAVersion
  /// What it compiles for, as 80 and 90, ascending.
  public let architectures: [Int]
  private let functions: NVRTCFunctions

  /// Finds and opens it.
  /// - Parameter driverMajor: CUDA's major version that the driver speaks; nil where nothing is to be loaded.
  /// - Throws: ``CUDAError`` where it is missing or too old.
  public init(_ finder: LibraryFinder = LibraryFinder(), driverMajor: Int? = nil) throws(CUDAError) {
    let library = try finder.open(.nvrtc, driverMajor: driverMajor)
    functions = try NVRTCFunctions(library)
    path = library.path
    var major: Int32 = 0, minor: Int32 = 0, count: Int32 = 0
    try Self.check(functions.version(&major, &minor), functions, "asking NVRTC for its version")
    version = CUDAVersion(Int(major), Int(minor))
    try Self.check(functions.architectureCount(&count), functions, "asking NVRTC what it compiles for")
    var numbers = [Int32](repeating: 0, count: Int(count))
    try Self.check(functions.architectures(&numbers), functions, "asking NVRTC what it compiles for")
    architectures = numbers.map(Int.init).sorted()
  }

  /// Compiles kernels.
  /// - Parameters:
  ///   - source: CUDA C++; `#line` directives in it name the files that messages speak of.
  ///   - name: what to call it in messages.
  ///   - options: beside the target's.
  /// - Throws: ``CUDAError`` with the compiler's messages.
  public func compile(
    _ source: String, name: String, target: CompilationTarget, options: [String]
  ) throws(CUDAError) -> [UInt8] {
    var program: UInt = 0
    try Self.check(functions.create(&program, source, name, 0, nil, nil), functions, "compiling \(name)")
    defer { _ = functions.destroy(&program) }
    let all = [target.option] + options
    // C strings, one after the other.
    var bytes = ContiguousArray<CChar>(), starts: [Int] = []
    for option in all {
      starts.append(bytes.count)
      bytes += option.utf8CString
    }
    let code = bytes.withUnsafeBufferPointer { buffer in
      var pointers = starts.map { buffer.baseAddress.map { [offset = $0] in $0 + offset } }
      return functions.compile(program, Int32(all.count), &pointers)
    }
    if code != 0 {
      let log = (try? text(of: program, functions.logSize, functions.log)) ?? []
      throw CUDAError(
        .compilation,
        "\(name) does not compile for \(target) (NVRTC \(version), \(reason(code))):\n"
          + String(decoding: log.prefix { $0 != 0 }, as: UTF8.self))
    }
    return target.isPTX
      ? try text(of: program, functions.ptxSize, functions.ptx)
      : try text(of: program, functions.cubinSize, functions.cubin)
  }

  private func text(
    of program: UInt, _ size: NVRTCFunctions.Size, _ text: NVRTCFunctions.Content
  ) throws(CUDAError) -> [UInt8] {
    var count: UInt = 0
    try Self.check(size(program, &count), functions, "asking NVRTC for its output")
    var bytes = [UInt8](repeating: 0, count: Int(count))
    try Self.check(bytes.withUnsafeMutableBytes { text(program, $0.baseAddress) }, functions, "taking NVRTC's output")
    return bytes
  }

  private func reason(_ code: Int32) -> String { Self.reason(code, functions) }

  private static func reason(_ code: Int32, _ functions: NVRTCFunctions) -> String {
    functions.errorText(code).map { String(cString: $0) } ?? "error \(code)"
  }

  private static func check(_ code: Int32, _ functions: NVRTCFunctions, _ operation: String) throws(CUDAError) {
    if code != 0 {
      throw CUDAError(.call(code: Int(code)), "\(operation) failed with \(reason(code, functions))")
    }
  }
}
