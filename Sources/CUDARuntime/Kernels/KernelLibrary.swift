import Synchronization

/// Which kernel: its name, the text that it stands in, and what that is compiled with.
public struct KernelKey: Sendable, Hashable {
  /// The kernel's name.
  public var kernel: String
  /// The text's name.
  public var file: String
  /// The type of activations by its name in kernels, the macro `T`; nil where the text has none.
  public var type: String?
  /// Further macros.
  public var defines: [String: Int]

  /// A key.
  public init(_ kernel: String, file: String, type: String?, defines: [String: Int] = [:]) {
    self.kernel = kernel
    self.file = file
    self.type = type
    self.defines = defines
  }

  fileprivate var module: KernelKey { KernelKey("", file: file, type: type, defines: defines) }

  fileprivate var definitions: [(name: String, value: String)] {
    (type.map { [("T", $0)] } ?? []) + defines.sorted { $0.key < $1.key }.map { ($0.key, String($0.value)) }
  }
}

/// The kernels of a program on one card: each text is compiled and loaded when a kernel of it is first asked for.
public final class KernelLibrary: Sendable {
  /// One text with one set of macros. While a thread compiles it, others go on with what is loaded, or wait for it.
  private final class Slot: Sendable {
    let module = Mutex<CUDAModule?>(nil)
  }

  private let context: CUDAContext
  private let text: @Sendable (_ file: String) -> String
  private let kernels = Mutex<[KernelKey: CUDAKernel]>([:])
  private let modules = Mutex<[KernelKey: Slot]>([:])

  /// A library.
  /// - Parameter text: gives the text of a file by its name.
  public init(_ context: CUDAContext, text: @escaping @Sendable (_ file: String) -> String) {
    self.context = context
    self.text = text
  }

  /// A kernel, ready to be launched.
  /// - Throws: ``CUDAError`` where its text does not compile or has no such kernel.
  public func kernel(_ key: KernelKey) throws(CUDAError) -> CUDAKernel {
    if let found = kernels.withLock({ $0[key] }) { return found }
    let kernel = try module(of: key).kernel(key.kernel)
    kernels.withLock { $0[key] = kernel }
    return kernel
  }

  private func module(of key: KernelKey) throws(CUDAError) -> CUDAModule {
    let slot = modules.withLock { modules in
      let slot = modules[key.module] ?? Slot()
      modules[key.module] = slot
      return slot
    }
    let result: Result<CUDAModule, CUDAError> = slot.module.withLock { module in
      if let module { return .success(module) }
      do throws(CUDAError) {
        let code = try context.compiler.compile(text(key.file), name: key.file, defines: key.definitions)
        let loaded = try CUDAModule(code, context.open)
        module = loaded
        return .success(loaded)
      } catch { return .failure(error) }
    }
    return try result.get()
  }
}
