import CUDARuntime
import Formats
import TestSupport
import Testing

/// With NVIDIA's compiler, which the program finds where there is one; it needs no card.
@Suite(.enabled(if: (try? NVRTC()) != nil, "NVRTC is not installed")) struct KernelCompilerTests {
  private let folder: TemporaryFolder
  private let nvrtc: NVRTC

  init() throws {
    folder = try TemporaryFolder()
    nvrtc = try NVRTC()
  }

  private func compiler(_ target: String = "sm_90a", driver: String = "13.0", folder: String? = nil) -> KernelCompiler {
    KernelCompiler(
      nvrtc, target: CompilationTarget(target), driver: driver,
      cache: KernelCache(folder: folder ?? self.folder.path.appendingPath("kernels")))
  }

  /// A text that no cache has.
  private func text() -> String {
    "extern \"C\" __global__ void kernel(T *x) { x[0] = (T)\(Int.random(in: 1...1_000_000_000)); }"
  }

  @Test func compilesOnceAndThenFinds() throws {
    let text = text()
    let first = try compiler().compile(text, name: "a.cu", defines: [("T", "float")])
    let second = try compiler().compile(text, name: "a.cu", defines: [("T", "float")])
    #expect(!first.wasCached && second.wasCached && first.bytes == second.bytes)
    // An ELF file.
    #expect(first.bytes.prefix(4).elementsEqual([0x7f, 0x45, 0x4c, 0x46]))
  }

  @Test func whateverCodeDependsOnMakesAnother() throws {
    let text = text()
    let defines = [("T", "float")]
    _ = try compiler().compile(text, name: "a.cu", defines: defines)
    #expect(try !compiler().compile(text + " ", name: "a.cu", defines: defines).wasCached)
    #expect(try !compiler().compile(text, name: "a.cu", defines: [("T", "int")]).wasCached)
    #expect(try !compiler("sm_80").compile(text, name: "a.cu", defines: defines).wasCached)
    #expect(try !compiler(driver: "13.1").compile(text, name: "a.cu", defines: defines).wasCached)
    #expect(try compiler().compile(text, name: "b.cu", defines: defines).wasCached, "a name is for messages")
  }

  @Test func compilesAgainWhatIsDamaged() throws {
    let text = text()
    let first = try compiler().compile(text, name: "a.cu", defines: [("T", "float")])
    let kernels = folder.path.appendingPath("kernels")
    let name = try #require(try Paths.names(inFolder: kernels).first)
    try AtomicFile.write(Array(try contents(kernels.appendingPath(name)).dropLast(3)), to: kernels.appendingPath(name))
    let again = try compiler().compile(text, name: "a.cu", defines: [("T", "float")])
    #expect(!again.wasCached && again.bytes == first.bytes)
    #expect(try compiler().compile(text, name: "a.cu", defines: [("T", "float")]).wasCached)
  }

  @Test func worksWithoutACacheAndSaysSo() throws {
    try folder.file("file", "in the way")
    let compiler = compiler(folder: folder.path.appendingPath("file"))
    #expect(compiler.cacheWarning == nil)
    let code = try compiler.compile(text(), name: "a.cu", defines: [("T", "float")])
    #expect(!code.bytes.isEmpty)
    #expect(compiler.cacheWarning?.contains("cannot be kept") == true)
  }

  @Test func namesFileAndLineOfAMistake() {
    let wrong = "#line 1 \"head.cuh\"\nint f();\n#line 1 \"norms.cu\"\n\n\nextern \"C\" __global__ void k() { y = 1; }"
    let message = sentence { _ = try compiler().compile(wrong, name: "norms.cu") }
    #expect(message.contains("norms.cu does not compile for sm_90a"))
    #expect(message.contains("norms.cu(3)") && message.contains("\"y\" is undefined"), "\(message)")
  }

  @Test func givesPTXForTheDriverToTranslate() throws {
    let code = try compiler("compute_80").compile(text(), name: "a.cu", defines: [("T", "float")])
    #expect(String(decoding: code.bytes, as: UTF8.self).contains(".target sm_80"))
  }
}
