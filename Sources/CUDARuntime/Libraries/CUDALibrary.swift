/// The libraries that CUDA consists of, as far as Apus opens them.
public enum CUDALibrary: String, Sendable, CaseIterable {
  case driver, nvrtc, cublasLt, cudnn, nccl

  /// File names to try. Versions go by their major number, the newest first; one above the driver's needs a newer
  /// driver.
  /// - Parameter driverMajor: CUDA's major version that the driver speaks, if that is known.
  public func fileNames(driverMajor: Int? = nil) -> [String] {
    let majors = Self.isOld(driverMajor) ? [12] : [13, 12]
    return switch self {
    case .driver: ["libcuda.so.1"]
    case .nvrtc: majors.map { "libnvrtc.so.\($0)" }
    case .cublasLt: majors.map { "libcublasLt.so.\($0)" }
    case .cudnn: ["libcudnn.so.9"]
    case .nccl: ["libnccl.so.2"]
    }
  }

  /// The library's name as people know it.
  public var title: String {
    switch self {
    case .driver: "NVIDIA's driver"
    case .nvrtc: "NVRTC"
    case .cublasLt: "cuBLASLt"
    case .cudnn: "cuDNN"
    case .nccl: "NCCL"
    }
  }

  /// What Apus does with it, as the end of a sentence about it.
  public var purpose: String {
    switch self {
    case .driver: "reaches the card"
    case .nvrtc: "compiles kernels for the card"
    case .cublasLt: "multiplies matrices"
    case .cudnn: "is not used yet"
    case .nccl: "is not used yet"
    }
  }

  /// Whether nothing runs on a card without it.
  public var isRequired: Bool { self == .driver || self == .nvrtc }

  /// Whether something is missing without it: cuBLASLt makes products fast.
  public var isUsed: Bool { isRequired || self == .cublasLt }

  /// Whether a driver is known to be too old for libraries of CUDA 13.
  static func isOld(_ driverMajor: Int?) -> Bool { driverMajor.map { $0 < 13 } == true }

  /// What to install, as the end of a sentence that begins with "install".
  /// - Parameter driverMajor: CUDA's major version that the driver speaks, if that is known.
  func installation(driverMajor: Int? = nil) -> String {
    // Python's packages for CUDA 13 have no number in their names; Debian's still are those of 12.
    let isOld = Self.isOld(driverMajor)
    func python(_ package: String, _ others: String) -> String {
      "it with 'pip install --target ~/.cache/apus-cuda \(package)', or the package \(others)"
    }
    return switch self {
    case .driver:
      "the card's driver (Debian and Ubuntu: nvidia-driver; in a container: the NVIDIA Container Toolkit on its host)"
    case .nvrtc:
      python(isOld ? "nvidia-cuda-nvrtc-cu12" : "nvidia-cuda-nvrtc", isOld ? "libnvrtc12" : "cuda-nvrtc-13-0 of NVIDIA")
    case .cublasLt:
      python(isOld ? "nvidia-cublas-cu12" : "nvidia-cublas", isOld ? "libcublaslt12" : "libcublas-13-0 of NVIDIA")
    case .cudnn:
      python(isOld ? "nvidia-cudnn-cu12" : "nvidia-cudnn-cu13", "libcudnn9-cuda-\(isOld ? 12 : 13) of NVIDIA")
    case .nccl: python(isOld ? "nvidia-nccl-cu12" : "nvidia-nccl-cu13", "libnccl2 of NVIDIA")
    }
  }
}
