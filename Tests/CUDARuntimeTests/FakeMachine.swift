import CUDARuntime
import Synchronization

/// A machine that exists for its loader only: files, and libraries whose functions are Swift closures.
struct FakeMachine: Sendable {
  /// Any C function: its type is the caller's business.
  typealias Function = @convention(c) @Sendable () -> Int32

  /// Paths of files and folders.
  var files: Set<String> = []
  /// What the system's loader opens by bare name, and the file that it takes.
  var known: [String: String] = [:]
  /// Why files cannot be opened.
  var broken: [String: String] = [:]
  /// Functions by name, in every library; those that are not here return 0 for success.
  var functions: [String: UInt] = [:]
  /// Functions that no library has.
  var lacking: Set<String> = []
  var environment: [String: String] = [:]

  /// Adds a file and the folders above it.
  mutating func add(_ paths: String...) {
    for path in paths { files.insert(path) }
  }

  /// A driver that starts and says that it speaks CUDA 13.0.
  static var withDriver: FakeMachine {
    var machine = FakeMachine()
    machine.add("/usr/lib64/libcuda.so.1")
    let version: @convention(c) @Sendable (UnsafeMutablePointer<Int32>?) -> Int32 = {
      $0?.pointee = 13_000
      return 0
    }
    machine.functions["cuDriverGetVersion"] = address(version)
    return machine
  }

  /// A function as `dlsym` gives it.
  static func address<Pointer>(_ function: Pointer) -> UInt { unsafeBitCast(function, to: UInt.self) }

  var finder: LibraryFinder {
    let machine = self
    let opened = Opened()
    return LibraryFinder(
      LibraryLoader(
        open: { name in
          if let reason = machine.broken[name] { return .failure(.init(reason)) }
          guard let path = name.contains("/") ? name : machine.known[name], machine.files.contains(path) else {
            return .failure(.init("\(name): cannot open shared object file: No such file or directory"))
          }
          return .success(opened.handle(of: path))
        },
        symbol: { handle, name in
          if machine.lacking.contains(name) { return nil }
          // So that the file can be told from an address: one function for each library.
          if name == "nvrtcVersion" || name == "cuInit" && machine.functions[name] == nil {
            opened.last.withLock { $0 = handle }
          }
          let success: Function = { 0 }
          return machine.functions[name] ?? Self.address(success)
        },
        file: { _ in opened.path(of: opened.last.withLock { $0 }) },
        exists: { path in machine.files.contains { $0 == path || $0.hasPrefix(path + "/") } },
        names: { folder in
          let inside = machine.files.filter { $0.hasPrefix(folder + "/") }
          return Set(inside.compactMap { $0.dropFirst(folder.count + 1).split(separator: "/").first.map(String.init) })
            .sorted()
        },
        environment: environment))
  }

  /// The libraries that were opened; a handle is a place in the list.
  private final class Opened: Sendable {
    private let paths = Mutex<[String]>([])
    let last = Mutex<UInt>(0)

    func handle(of path: String) -> UInt {
      paths.withLock {
        $0.append(path)
        return UInt($0.count)
      }
    }

    func path(of handle: UInt) -> String? { paths.withLock { handle == 0 ? nil : $0[Int(handle) - 1] } }
  }
}
