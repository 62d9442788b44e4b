import Formats

/// Finds CUDA's libraries and opens them.
///
/// Folders named in `APUS_CUDA_LIBRARIES` come first, then what the system's loader knows, toolkits (`CUDA_HOME`,
/// `CUDA_PATH`, `/usr/local/cuda*`), the system's folders, and those of Python's `nvidia-*` packages.
public struct LibraryFinder: Sendable {
  private let loader: LibraryLoader

  /// Looks with this loader.
  public init(_ loader: LibraryLoader = .system()) { self.loader = loader }

  /// The environment in which it looks.
  public var environment: [String: String] { loader.environment }

  /// Opens a library.
  /// - Parameter driverMajor: CUDA's major version that the driver speaks; libraries of a later one are passed over.
  /// - Throws: ``CUDAError`` saying where it was looked for, what was wrong with what was found, and what to install.
  public func open(_ library: CUDALibrary, driverMajor: Int? = nil) throws(CUDAError) -> LoadedLibrary {
    let names = library.fileNames(driverMajor: driverMajor)
    let places = LibraryPlaces(loader: loader)
    let named = places.named
    var flaws: [String] = []
    for folder in named {
      for name in names {
        if let found = attempt(folder.appendingPath(name), of: library, &flaws) { return found }
      }
    }
    for name in names {
      if let found = attempt(name, of: library, &flaws) { return found }
    }
    let others = places.others
    for name in names {
      for folder in others {
        if let found = attempt(folder.appendingPath(name), of: library, &flaws) { return found }
      }
    }
    let folders = named + ["the system loader's own"] + others
    let isOld = CUDALibrary.isOld(driverMajor) && library != .driver
    throw CUDAError(
      .missingLibrary,
      "\(library.title) is missing, which \(library.purpose): no \(names.joined(separator: " or ")) "
        + (flaws.isEmpty ? "" : "that can be used (\(flaws.joined(separator: "; "))) ")
        + (isOld ? "(what the driver allows, which is of CUDA 12) " : "")
        + "in these folders: \(folders.joined(separator: ", ")). Install "
        + "\(library.installation(driverMajor: driverMajor)); a folder elsewhere can be named in APUS_CUDA_LIBRARIES")
  }

  /// Opens a file, or a bare name through the system's loader; notes what is wrong with one that is there.
  private func attempt(_ name: String, of library: CUDALibrary, _ flaws: inout [String]) -> LoadedLibrary? {
    let isPath = name.contains("/")
    if isPath && !loader.exists(name) { return nil }
    switch loader.open(name) {
    case .failure(let failure):
      // A bare name that the loader does not know is no flaw; a library of which a part is missing is one.
      if isPath || !failure.reason.hasPrefix(name + ":") { flaws.append(failure.reason) }
      return nil
    case .success(let handle):
      let path = loader.symbol(handle, library.anyFunction).flatMap(loader.file) ?? name
      if library == .nvrtc, !hasBuiltins(beside: path) {
        flaws.append("\(path) lacks libnvrtc-builtins.so.* beside it")
        return nil
      }
      return LoadedLibrary(library, path: path, handle: handle, loader: loader)
    }
  }

  /// NVRTC opens a second library of the same version, which a copied file may have lost.
  private func hasBuiltins(beside path: String) -> Bool {
    loader.names(path.parentPath).contains { $0.hasPrefix("libnvrtc-builtins.so") }
  }
}

extension CUDALibrary {
  /// A function that every version has.
  fileprivate var anyFunction: String {
    switch self {
    case .driver: "cuInit"
    case .nvrtc: "nvrtcVersion"
    case .cublasLt: "cublasLtGetVersion"
    case .cudnn: "cudnnGetVersion"
    case .nccl: "ncclGetVersion"
    }
  }
}
