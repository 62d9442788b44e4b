/// What a machine has for computing on a GPU, and what it lacks.
public struct DeviceReport: Sendable {
  /// A library: where it was found and its version, or why it cannot be used.
  public struct Library: Sendable {
    /// Which one.
    public let library: CUDALibrary
    /// The file; nil where there is none.
    public let path: String?
    /// Its version, where it tells.
    public let version: CUDAVersion?
    /// Why it cannot be used and what helps, nil where it can.
    public let problem: String?
  }

  /// A card.
  public struct Card: Sendable {
    /// What it is.
    public let device: CUDADevice
    /// Bytes of its memory that nothing uses; nil where it cannot be opened.
    public let freeMemory: Int?
    /// What kernels are compiled for; nil where NVRTC is missing or does not know the card.
    public let target: CompilationTarget?
    /// Why it cannot be used, nil where it can.
    public let problem: String?
  }

  /// The libraries, in the order of ``CUDALibrary``.
  public let libraries: [Library]
  /// The cards that the driver shows.
  public let cards: [Card]

  /// Whether a model can be trained on a card here.
  public var isUsable: Bool {
    cards.contains { $0.problem == nil } && libraries.allSatisfy { $0.problem == nil || !$0.library.isRequired }
  }

  /// What to do, a sentence each. Where the machine has neither card nor driver, there is nothing to repair.
  public var advice: [String] {
    let hasDriver = libraries.contains { $0.library == .driver && $0.path != nil }
    return hasDriver
      ? libraries.compactMap { $0.library.isUsed ? $0.problem : nil } + cards.compactMap(\.problem) : []
  }

  /// Looks.
  public init(_ finder: LibraryFinder = LibraryFinder()) {
    var driver: CUDADriver?
    var libraries: [Library] = []
    do {
      let opened = try CUDADriver(finder)
      libraries.append(Library(library: .driver, path: opened.path, version: opened.version, problem: nil))
      driver = opened
    } catch {
      let path = error.kind == .missingLibrary ? nil : (try? finder.open(.driver))?.path
      libraries.append(Library(library: .driver, path: path, version: nil, problem: error.description))
    }
    let major = driver?.version.major
    let nvrtc = Result { () throws(CUDAError) in try NVRTC(finder, driverMajor: major) }
    for library in CUDALibrary.allCases where library != .driver {
      libraries.append(Self.look(for: library, finder, major))
    }
    self.libraries = libraries
    cards = driver.map { Self.cards(of: $0, try? nvrtc.get()) } ?? []
  }

  private static func look(for library: CUDALibrary, _ finder: LibraryFinder, _ driverMajor: Int?) -> Library {
    do throws(CUDAError) {
      let found = try finder.open(library, driverMajor: driverMajor)
      return Library(library: library, path: found.path, version: try found.version(), problem: nil)
    } catch {
      let problem = library.isUsed ? error.description : "\(library.title) is missing; nothing needs it yet"
      return Library(library: library, path: nil, version: nil, problem: problem)
    }
  }

  private static func cards(of driver: CUDADriver, _ nvrtc: NVRTC?) -> [Card] {
    guard let devices = try? CUDADevice.all(of: driver) else { return [] }
    return devices.map { device in
      let target = Result { () throws(CUDAError) in try nvrtc?.target(for: device) }
      do throws(CUDAError) {
        let open = try OpenDevice(device, of: driver)
        var free: UInt = 0, total: UInt = 0
        try open.check(open.functions.memoryInfo(&free, &total), "asking for free memory")
        return Card(device: device, freeMemory: Int(free), target: try target.get(), problem: nil)
      } catch {
        return Card(device: device, freeMemory: nil, target: try? target.get(), problem: error.description)
      }
    }
  }
}

extension LoadedLibrary {
  /// The version that the library tells of itself.
  func version() throws(CUDAError) -> CUDAVersion? {
    switch library {
    case .driver: return nil
    case .nvrtc:
      let version: @convention(c) (UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?) -> Int32 =
        try function("nvrtcVersion")
      var major: Int32 = 0, minor: Int32 = 0
      return version(&major, &minor) == 0 ? CUDAVersion(Int(major), Int(minor)) : nil
    case .cublasLt, .cudnn:
      let version: @convention(c) () -> Int = try function(
        library == .cudnn ? "cudnnGetVersion" : "cublasLtGetVersion")
      return CUDAVersion(tenThousands: version())
    case .nccl:
      let version: @convention(c) (UnsafeMutablePointer<Int32>?) -> Int32 = try function("ncclGetVersion")
      var number: Int32 = 0
      return version(&number) == 0 ? CUDAVersion(tenThousands: Int(number)) : nil
    }
  }
}
