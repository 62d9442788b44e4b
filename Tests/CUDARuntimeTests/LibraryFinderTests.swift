import CUDARuntime
import TestSupport
import Testing

@Suite struct LibraryFinderTests {
  private func place(of library: CUDALibrary, in machine: FakeMachine, driverMajor: Int? = nil) throws -> String {
    try machine.finder.open(library, driverMajor: driverMajor).path
  }

  @Test func namedFoldersComeBeforeTheSystemsAndOthers() throws {
    let name = "libcublasLt.so.13"
    var machine = FakeMachine()
    machine.environment = ["APUS_CUDA_LIBRARIES": "/first:/second", "CUDA_HOME": "/toolkit"]
    machine.known = [name: "/system/" + name]
    let places = ["/second", "/system", "/toolkit/lib64", "/usr/local/cuda-13.0/lib64", "/usr/lib64"]
    for folder in places { machine.add("\(folder)/\(name)") }
    for folder in places {
      // The bare name goes to the system's loader, which knows best where that led.
      let expected = folder == "/system" ? name : "\(folder)/\(name)"
      #expect(try place(of: .cublasLt, in: machine) == expected)
      machine.files.remove("\(folder)/\(name)")
    }
    #expect(throws: CUDAError.self) { try place(of: .cublasLt, in: machine) }
  }

  @Test(arguments: [
    "/env/lib/python3.12/site-packages/nvidia/cu13/lib", "/conda/lib/python3.9/site-packages/nvidia/cublas/lib",
    "/opt/tool/.venv/lib/python3.13/site-packages/nvidia/cublas/lib", "/home/x/.cache/apus-cuda/nvidia/cu13/lib",
    "/home/x/.local/lib/python3.11/site-packages/nvidia/cu13/lib", "/usr/lib/python3/dist-packages/nvidia/cu13/lib",
    "/usr/local/lib/python3.11/dist-packages/nvidia/cu13/lib", "/packages/nvidia/cu13/lib", "/usr/lib/wsl/lib",
    "/usr/local/nvidia/lib64", "/path/lib64",
  ])
  func findsIn(_ folder: String) throws {
    var machine = FakeMachine()
    machine.environment = [
      "VIRTUAL_ENV": "/env", "CONDA_PREFIX": "/conda", "PATH": "/opt/tool/.venv/bin:/usr/sbin", "HOME": "/home/x",
      "APUS_CUDA_LIBRARIES": "/packages", "CUDA_PATH": "/path",
    ]
    machine.add(folder + "/libcublasLt.so.13")
    #expect(try place(of: .cublasLt, in: machine) == folder + "/libcublasLt.so.13")
  }

  @Test func takesTheVersionThatSuitsTheDriver() throws {
    var machine = FakeMachine()
    machine.add("/usr/lib64/libcublasLt.so.12", "/usr/local/cuda/lib64/libcublasLt.so.13")
    #expect(try place(of: .cublasLt, in: machine) == "/usr/local/cuda/lib64/libcublasLt.so.13")
    #expect(try place(of: .cublasLt, in: machine, driverMajor: 13) == "/usr/local/cuda/lib64/libcublasLt.so.13")
    #expect(try place(of: .cublasLt, in: machine, driverMajor: 12) == "/usr/lib64/libcublasLt.so.12")
    // One that needs a newer driver is not taken.
    machine.files.remove("/usr/lib64/libcublasLt.so.12")
    let problem = sentence { _ = try machine.finder.open(.cublasLt, driverMajor: 12) }
    #expect(problem.contains("of CUDA 12") && problem.contains("nvidia-cublas-cu12"))
  }

  @Test func saysWhatIsMissingWhereItLookedAndWhatToInstall() {
    var machine = FakeMachine()
    machine.environment = ["APUS_CUDA_LIBRARIES": "/mine", "CUDA_HOME": "/toolkit"]
    let nvrtc = sentence { _ = try machine.finder.open(.nvrtc) }
    for part in [
      "NVRTC is missing", "compiles kernels", "libnvrtc.so.13 or libnvrtc.so.12", "/mine", "/toolkit/lib64",
      "/usr/lib/wsl/lib", "nvidia-cuda-nvrtc'", "APUS_CUDA_LIBRARIES",
    ] { #expect(nvrtc.contains(part), "\(part) in: \(nvrtc)") }
    #expect(sentence { _ = try machine.finder.open(.nvrtc, driverMajor: 12) }.contains("nvidia-cuda-nvrtc-cu12'"))
    #expect(sentence { _ = try machine.finder.open(.driver) }.contains("nvidia-driver"))
    for library in CUDALibrary.allCases {
      #expect(throws: CUDAError.self) { try machine.finder.open(library) }
    }
  }

  @Test func saysWhyAFileThatIsThereCannotBeUsed() {
    var machine = FakeMachine()
    let path = "/usr/lib64/libcuda.so.1"
    machine.add(path)
    machine.broken[path] = "\(path): file too short"
    #expect(sentence { _ = try machine.finder.open(.driver) }.contains("\(path): file too short"))
    // The system's loader finds it, but not what it needs.
    machine.broken = ["libcuda.so.1": "libother.so.7: cannot open shared object file: No such file or directory"]
    machine.files = []
    #expect(sentence { _ = try machine.finder.open(.driver) }.contains("libother.so.7"))
  }

  @Test func takesNoNVRTCWithoutItsOtherHalf() throws {
    var machine = FakeMachine()
    machine.add("/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/lib64/libnvrtc.so.13")
    let refused = sentence { _ = try machine.finder.open(.nvrtc) }
    #expect(refused.contains("/usr/lib64/libnvrtc.so.13 lacks libnvrtc-builtins.so"))
    machine.add("/usr/lib64/libnvrtc-builtins.so.13.0")
    #expect(try place(of: .nvrtc, in: machine) == "/usr/lib64/libnvrtc.so.13")
  }
}
