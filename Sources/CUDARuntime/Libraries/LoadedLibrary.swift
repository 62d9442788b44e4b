/// One of CUDA's libraries, open until the process ends.
public struct LoadedLibrary: Sendable {
  /// Which one.
  public let library: CUDALibrary
  /// The file that it was opened from.
  public let path: String
  private let handle: LibraryLoader.Handle
  private let loader: LibraryLoader

  init(_ library: CUDALibrary, path: String, handle: LibraryLoader.Handle, loader: LibraryLoader) {
    self.library = library
    self.path = path
    self.handle = handle
    self.loader = loader
  }

  /// A function of the library, whose C type the caller knows.
  /// - Throws: ``CUDAError`` naming function and file where the library has none of that name.
  func function<Function>(_ name: String, as type: Function.Type = Function.self) throws(CUDAError) -> Function {
    guard let function = optionalFunction(name, as: type) else {
      throw CUDAError(
        .missingFunction,
        "\(path) has no function \(name): this version of \(library.title) is too old or damaged; install "
          + library.installation())
    }
    return function
  }

  /// A function that only some versions have.
  func optionalFunction<Function>(_ name: String, as type: Function.Type = Function.self) -> Function? {
    guard let address = loader.symbol(handle, name), let pointer = UnsafeRawPointer(bitPattern: address) else {
      return nil
    }
    return unsafeBitCast(pointer, to: type)
  }
}
