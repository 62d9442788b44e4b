import Formats
import Foundation
import Models
import Optimization
import Tensors
import Testing

/// Trajectories that PyTorch's AdamW and `clip_grad_norm_` took (`scripts/golden/adamw_golden.py`).
@Suite struct AdamWTests {
  let store: ParameterStore
  let names = ["embedding", "matrix", "norm", "single"]

  private static func file(_ name: String) throws -> Safetensors {
    try Safetensors(try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name))
  }
  private static func values(_ file: Safetensors, _ name: String) throws -> [Float] {
    let bytes = file.bytes(of: try file.entry(name, element: .float32))
    return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }

  init() throws {
    let file = try Self.file("adamw.safetensors")
    let declarations = try names.map { name in
      ParameterDeclaration(
        name: name, shape: try file.entry("gradient.1." + name).shape, initialization: .constant(0), shardAxis: nil,
        component: .norm)
    }
    store = ParameterStore(declarations, trainable: true)
  }

  private func set(_ gradients: Safetensors, prefix: String) throws {
    for parameter in store.parameters {
      let gradient = try #require(parameter.gradient)
      for (i, x) in try Self.values(gradients, prefix + parameter.name).enumerated() { gradient.floats[i] = x }
    }
  }

  @Test func tenStepsFollowPyTorch() throws {
    let file = try Self.file("adamw.safetensors")
    for parameter in store.parameters {
      let name = file.entries["initial." + parameter.name] != nil ? "initial." : "parameter.0."
      for (i, x) in try Self.values(file, name + parameter.name).enumerated() { parameter.master.floats[i] = x }
    }
    let execution = Execution()
    let optimizer = Optimizer(store, AdamW(), in: execution) {
      ParameterGroup(weightDecay: $0.shape.count >= 2 ? 0.1 : 0)
    }
    for step in 1...10 {
      try set(file, prefix: "gradient.\(step).")
      optimizer.update(step: step, learningRate: 1e-3, gradientScale: 1, in: execution)
      for parameter in store.parameters {
        let expected = try Self.values(file, "parameter.\(step)." + parameter.name)
        let worst = zip(parameter.master.toFloats(), expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-6, "\(parameter.name) after step \(step)")
      }
    }
  }

  @Test(arguments: ["large", "small"]) func clippingFollowsPyTorch(_ kind: String) throws {
    let file = try Self.file("clip.safetensors")
    try set(file, prefix: kind + ".gradient.")
    let norm = GradientNorm.global(store, in: Execution())
    #expect(abs(norm - Double(try Self.values(file, kind + ".norm")[0])) < 1e-5 * norm)
    let factor = Float(GradientNorm.clippingFactor(norm: norm, limit: 1))
    for parameter in store.parameters {
      let clipped = try #require(parameter.gradient).toFloats().map { $0 * factor }
      let expected = try Self.values(file, kind + ".clipped." + parameter.name)
      #expect((zip(clipped, expected).map { abs($0 - $1) }.max() ?? .infinity) < 1e-6)
    }
  }

  @Test func aNonFiniteGradientIsNamed() throws {
    try set(try Self.file("clip.safetensors"), prefix: "small.gradient.")
    #expect(GradientNorm.firstNonFinite(store) == nil)
    try #require(store.parameters[2].gradient).floats[0] = .nan
    #expect(GradientNorm.firstNonFinite(store) == "norm")
    #expect(!GradientNorm.global(store, in: Execution()).isFinite)
  }
}
