import Formats
import Foundation
import Models
import Optimization
import Tensors
import Testing

/// Ten steps of a reference optimizer: the start, the gradients and the weights after each step.
struct Trajectory {
  let file: Safetensors
  let names: [String]

  init(_ name: String) throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden")
    file = try Safetensors(folder.appendingPath("\(name).safetensors"))
    names = file.entries.keys.filter { $0.hasPrefix("initial.") }.map { String($0.dropFirst("initial.".count)) }.sorted()
  }

  func values(_ name: String) throws -> [Float] {
    let bytes = file.bytes(of: try file.entry(name, element: .float32))
    return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }

  /// A store with the start's weights.
  func store() throws -> ParameterStore {
    let declarations = try names.map { name in
      ParameterDeclaration(
        name: name, shape: try file.entry("initial." + name).shape, initialization: .constant(0), shardAxis: nil,
        component: .attention)
    }
    let store = ParameterStore(declarations, trainable: true)
    for parameter in store.parameters { copy(try values("initial." + parameter.name), to: parameter.master) }
    return store
  }

  /// Sets the gradients of a step, each multiplied by `factor`.
  func setGradients(_ store: ParameterStore, step: Int, factor: Float = 1) throws {
    for parameter in store.parameters {
      copy(try values("gradient.\(step)." + parameter.name).map { $0 * factor }, to: try #require(parameter.gradient))
    }
  }

  private func copy(_ values: [Float], to tensor: Tensor) {
    for (i, x) in values.enumerated() { tensor.floats[i] = x }
  }

  /// Takes the ten steps and returns the largest difference of any weight, relative to the largest of its tensor, and
  /// that of any step's change, relative to the change's largest.
  func difference(of rule: any UpdateRule, learningRate: Double) throws -> (weights: Float, changes: Float) {
    let store = try store()
    let execution = Execution()
    let optimizer = Optimizer(store, rule, in: execution)
    var worst: (weights: Float, changes: Float) = (0, 0)
    for step in 1...10 {
      // Clipping is folded into the rule: gradients that are twice as large and halved again are the same.
      try setGradients(store, step: step, factor: 2)
      let before = store.parameters.map { $0.master.toFloats() }
      optimizer.update(step: step, learningRate: learningRate, gradientScale: 0.5, in: execution)
      for (parameter, old) in zip(store.parameters, before) {
        let now = parameter.master.toFloats()
        let expected = try values("parameter.\(step)." + parameter.name)
        let start = try values((step == 1 ? "initial." : "parameter.\(step - 1).") + parameter.name)
        worst.weights = max(worst.weights, relative(now, expected))
        let change = zip(expected, start).map { $0 - $1 }
        if change.contains(where: { $0 != 0 }) {
          worst.changes = max(worst.changes, relative(zip(now, old).map { $0 - $1 }, change))
        }
      }
    }
    return worst
  }

  private func relative(_ a: [Float], _ b: [Float]) -> Float {
    let largest = b.map(\.magnitude).max() ?? 0
    return (zip(a, b).map { abs($0 - $1) }.max() ?? .infinity) / largest
  }
}
