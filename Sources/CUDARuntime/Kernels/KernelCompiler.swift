import Formats
import Synchronization

/// Kernels as the driver loads them.
public struct CompiledKernels: Sendable {
  /// What they were compiled from, for messages.
  public let name: String
  /// What they were compiled for.
  public let target: CompilationTarget
  /// Machine code, or PTX.
  public let bytes: [UInt8]
  /// Whether they were found compiled.
  public let wasCached: Bool
}

/// Turns the text of kernels into code for one card, once: what was compiled before is taken from a folder.
public final class KernelCompiler: Sendable {
  /// What it compiles for.
  public let target: CompilationTarget
  /// The compiler.
  public let nvrtc: NVRTC
  private let driver: String
  private let cache: KernelCache?
  private let warned = Mutex<String?>(nil)

  /// Functions without a mark are the card's, as there is no host in these texts.
  private static let options = ["--std=c++17", "-default-device"]

  /// A compiler for one kind of card.
  /// - Parameters:
  ///   - driver: the driver's version, which code may depend on.
  ///   - cache: where code is kept; nil compiles again in every process.
  public init(_ nvrtc: NVRTC, target: CompilationTarget, driver: String, cache: KernelCache?) {
    self.nvrtc = nvrtc
    self.target = target
    self.driver = driver
    self.cache = cache
  }

  /// What went wrong with the folder of compiled kernels, once: kernels work nevertheless, but are compiled again.
  public var cacheWarning: String? { warned.withLock { $0 } }

  /// Compiles a text, or finds it compiled.
  /// - Parameters:
  ///   - name: what to call it in messages.
  ///   - defines: macros and their values.
  /// - Throws: ``CUDAError`` with the compiler's messages.
  public func compile(
    _ text: String, name: String, defines: [(name: String, value: String)] = []
  ) throws(CUDAError) -> CompiledKernels {
    // Not as options, which would change NVRTC's own header too: it has templates over T.
    let text = defines.map { "#define \($0.name) \($0.value)\n" }.joined() + text
    let key = key(text)
    if let bytes = cache?.load(key) {
      return CompiledKernels(name: name, target: target, bytes: bytes, wasCached: true)
    }
    let bytes = try nvrtc.compile(text, name: name, target: target, options: Self.options)
    do {
      try cache?.store(bytes, as: key)
    } catch {
      warned.withLock { $0 = $0 ?? "compiled kernels cannot be kept for the next start: \(error)" }
    }
    return CompiledKernels(name: name, target: target, bytes: bytes, wasCached: false)
  }

  /// Digest of all that the code depends on; lengths keep the parts apart.
  private func key(_ text: String) -> String {
    var digest = SHA256Digest()
    for part in [text, nvrtc.version.description, target.architecture, driver] + Self.options {
      digest.update(Array("\(part.utf8.count):\(part)".utf8))
    }
    return digest.hex()
  }
}
