import CUDARuntime
import CUDATensors
import Formats
import Foundation
import Testing

/// Every kernel through NVIDIA's own compiler, which needs no card. The emulation says that kernels compute rightly;
/// this, that they are CUDA.
@Suite(.enabled(if: (try? NVRTC()) != nil, "NVRTC is not installed")) struct KernelCompilationTests {
  /// Ampere, Hopper and Blackwell: the last without what only its own kind has.
  private static let targets = ["sm_80", "sm_90a", "sm_100"].map(CompilationTarget.init)

  /// What was compiled before is found again, by its content.
  private static let cache = KernelCache(
    folder: FileManager.default.temporaryDirectory.path.appendingPath("apus-compiled-kernels-\(getuid())"))

  /// Macros without which a file does not compile, or that open its other branches; the others have defaults.
  private static func macros(of file: KernelFile) -> [[String: Int]] {
    func attention(_ own: [String: Int]...) -> [[String: Int]] {
      let plain = ["CAUSAL": 1, "RANGED": 0, "SPECIAL": 0, "SCORES": 0, "FLOAT_COMPUTE": 0, "VECTORS": 1]
      let all = ["CAUSAL": 0, "RANGED": 1, "SPECIAL": 1, "SCORES": 1, "FLOAT_COMPUTE": 1, "VECTORS": 0]
      let tiles = [
        ["HEAD": 128, "VALUE": 128, "MTILES": 2, "WARPS": 4, "STEP": 32],
        ["HEAD": 80, "VALUE": 48, "MTILES": 1, "WARPS": 2, "STEP": 16],
      ]
      return zip([plain, all], tiles).flatMap { masks, tiles in
        own.map { $0.merging(masks) { $1 }.merging(tiles) { $1 } }
      }
    }
    return switch file {
    case .fewRows: [["ROWS": 1], ["ROWS": 8]]
    case .head: [["WIDTH": 8192]]
    case .tensorProducts:
      [0, 1].flatMap { left in [0, 1].map { ["LEFT_BY_DEPTH": left, "RIGHT_BY_DEPTH": $0] } }
    case .attentionForward:
      attention(["KEYS": 32, "PACKED": 0, "SPLIT": 0], ["KEYS": 32, "PACKED": 1, "SPLIT": 1])
    case .attentionQueryGradient: attention(["KEYS": 32, "FIRST": 0, "COLUMNS": 48])
    case .attentionKeyGradients:
      attention(
        ["QUERIES": 32, "KEY_GRADIENT": 1, "VALUE_GRADIENT": 1],
        ["QUERIES": 32, "KEY_GRADIENT": 1, "VALUE_GRADIENT": 0, "FIRST": 0, "COLUMNS": 48],
        ["QUERIES": 32, "KEY_GRADIENT": 0, "VALUE_GRADIENT": 1, "FIRST": 0, "COLUMNS": 48])
    case .attentionRows: [["VECTORS": 0], ["VECTORS": 1]]
    default: [[:]]
    }
  }

  @Test(arguments: KernelFile.allCases) func compiles(_ file: KernelFile) throws {
    let nvrtc = try NVRTC()
    let words = file.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    let types = words.contains("T") ? ["bf16", "float"] : [""]
    for target in Self.targets {
      let compiler = KernelCompiler(nvrtc, target: target, driver: "", cache: Self.cache)
      for macros in Self.macros(of: file) {
        for type in types {
          let values = macros.mapValues { String($0) }.merging(type.isEmpty ? [:] : ["T": type]) { $1 }
          let defines = values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
          do {
            _ = try compiler.compile(file.text, name: file.rawValue, defines: defines)
          } catch {
            Issue.record("with \(values.sorted { $0.key < $1.key }): \(error.description.prefix(2000))")
          }
        }
      }
    }
  }
}
