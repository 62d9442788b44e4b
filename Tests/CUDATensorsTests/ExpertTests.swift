import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Rows on their way to experts and back, and what experts do with them.
  @Suite struct Experts {
    static let types = [DType.float32, .bfloat16]

    @Test(arguments: types)
    func rows(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (tokens, count, columns) in [(1, 1, 1), (7, 3, 5), (12, 2, 64), (5, 8, 300)] {
        let label = "\(type) \(tokens) tokens, \(count) each, \(columns) columns"
        let order = (0..<tokens * count).map(Int32.init).shuffled(using: &both.random)
        var tokenOf = [Int32](repeating: 0, count: order.count)
        for (choice, place) in order.enumerated() { tokenOf[Int(place)] = Int32(choice / count) }
        let (places, sources) = (both.pair(order, [tokens, count]), both.pair(tokenOf))
        let (x, sorted) = (both.normals([tokens, columns], type), both.normals([tokens * count, columns], type))
        let (gathered, combined) = (both.output([tokens * count, columns], type), both.output([tokens, columns], type))
        both.run { side in
          side.backend.gatherRows(side(x), sources: side(sources), output: side(gathered))
          side.backend.combineRows(side(sorted), places: side(places), output: side(combined))
        }
        both.compare(gathered, absolute: 0, relative: 0, steps: 0, label + ", gathered")
        both.compare(combined, absolute: 1e-6, label + ", combined")

        let (gate, gradient) = (both.normals([tokens, 1], type), both.normals([tokens, columns], type))
        let (gated, inputGradient) = (both.output([tokens, columns], type), both.output([tokens, columns], type))
        let gateGradient = both.output([tokens, 1], type)
        both.run { side in
          side.backend.gateRows(side(x), gate: side(gate), output: side(gated))
          side.backend.gateRowsBackward(
            side(x), gate: side(gate), outputGradient: side(gradient), inputGradient: side(inputGradient),
            gateGradient: side(gateGradient))
        }
        both.compare(gated, absolute: 1e-6, label + ", gated")
        both.compare(inputGradient, absolute: 1e-6, label + ", input gradient of the gate")
        both.compare(gateGradient, label + ", gate gradient")
      }
    }

    /// Groups with no row, with few and with more.
    @Test(arguments: types)
    func products(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (sizes, inputs, outputs) in [
        ([0, 1, 3, 0, 20], 33, 17), ([30, 0, 5], 64, 40), ([140, 9], 8, 136), ([0, 2, 8, 1], 72, 24),
      ] {
        let offsets = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let rows = offsets[sizes.count]
        let label = "\(type) groups \(sizes), \(inputs) to \(outputs)"
        let matrices = sizes.map { _ in both.normals([outputs, inputs]) }
        let (x, gradient) = (both.normals([rows, inputs], type), both.normals([rows, outputs], type))
        let (output, inputGradient) = (both.output([rows, outputs], type), both.output([rows, inputs], type))
        // The last group's are frozen.
        let gradients = sizes.indices.map { $0 == sizes.count - 1 ? nil : both.normals([outputs, inputs]) }
        both.run { side in
          func packed(transposed: Bool) -> [PackedMatrix?] {
            zip(matrices, sizes).map { $1 == 0 ? nil : side.packed($0, transposed: transposed, compute: type) }
          }
          side.backend.groupedLinear(
            side(x), offsets: offsets, weights: packed(transposed: true), compute: type, output: side(output))
          side.backend.groupedLinearBackward(
            outputGradient: side(gradient), offsets: offsets, weights: packed(transposed: false), input: side(x),
            compute: type, inputGradient: side(inputGradient), weightGradients: gradients.map { side($0) })
        }
        both.compare(output, absolute: 5e-5, label)
        both.compare(inputGradient, absolute: 5e-5, label + ", input gradient")
        for (group, gradient) in gradients.enumerated() {
          if let gradient { both.compare(gradient, absolute: 5e-5, label + ", weight gradient of group \(group)") }
        }
      }
    }

    @Test(arguments: types)
    func biases(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (sizes, columns, isWeighted) in [([0, 3, 0, 18, 1], 70, true), ([1], 1, false), ([5, 0], 33, false)] {
        let offsets = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let rows = offsets[sizes.count]
        let label = "\(type) groups \(sizes), \(columns) columns"
        let biases = sizes.map { _ in both.normals([columns]) }
        let weights: Pair? = isWeighted ? both.normals([rows]) : nil
        let (x, gradient) = (both.normals([rows, columns], type), both.normals([rows, columns], type))
        let biasGradients = sizes.indices.map { $0 == 1 ? nil : both.normals([columns]) }
        let weightsGradient: Pair? = isWeighted ? both.normals([rows]) : nil
        both.run { side in
          side.backend.groupedBias(biases.map { side($0) }, offsets: offsets, weights: side(weights), to: side(x))
          side.backend.groupedBiasBackward(
            biases.map { side($0) }, offsets: offsets, weights: side(weights), outputGradient: side(gradient),
            biasGradients: biasGradients.map { side($0) }, weightsGradient: side(weightsGradient))
        }
        both.compare(x, absolute: 1e-6, label)
        for case let gradient? in biasGradients { both.compare(gradient, label + ", bias gradient") }
        if let weightsGradient { both.compare(weightsGradient, label + ", weights gradient") }
      }
    }
  }
}
