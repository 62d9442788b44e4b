import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Functions of one number, and factors of columns and heads.
  @Suite struct PointFunctions {
    @Test(arguments: PointFunction.allCases)
    func functions(_ function: PointFunction) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let types = [DType.float32, .bfloat16].shuffled(using: &both.random)
      for (rows, columns) in [(67, 21), (70, 40), (1, 3)] {
        let label = "\(function) \(types) [\(rows), \(columns)]"
        let x = both.normals([rows, columns], types[0], scale: 4), gradient = both.normals([rows, columns], types[1])
        let bias = both.normals([columns])
        let output = both.output([rows, columns], types[1]), inputGradient = both.output([rows, columns], types[0])
        let fixed = both.output([rows, columns], types[0])
        let biasGradient = both.normals([columns])
        both.run { side in
          let backend = side.backend
          backend.map(function, side(x), bias: side(bias), factor: 0.5, output: side(output))
          backend.mapBackward(
            function, side(x), bias: side(bias), factor: 0.5, outputGradient: side(gradient),
            inputGradient: side(inputGradient), biasGradient: side(biasGradient))
          backend.mapBackward(
            function, side(x), bias: nil, factor: 2, outputGradient: side(gradient), inputGradient: side(fixed),
            biasGradient: nil)
        }
        both.compare(output, absolute: 4e-6, label)
        both.compare(inputGradient, absolute: 4e-6, label + ", input gradient")
        both.compare(fixed, absolute: 4e-6, label + ", input gradient without a bias")
        // Slopes of exponentials and logarithms are large.
        let isSteep = function == .exp || function == .logOneMinus
        both.compare(biasGradient, absolute: isSteep ? 1e-1 : 1e-4, label + ", bias gradient")

        let by = both.normals([rows, columns], types[0], scale: 4), given = both.normals([rows, columns], types[0])
        let gated = both.output([rows, columns], types[0]), gateGradient = both.output([rows, columns], types[0])
        let ofGated = both.output([rows, columns], types[0])
        both.run { side in
          side.backend.gate(function, side(x), by: side(by), output: side(gated))
          side.backend.gateBackward(
            function, side(x), by: side(by), outputGradient: side(given), inputGradient: side(ofGated),
            gateGradient: side(gateGradient))
        }
        both.compare(gated, label + ", gated")
        both.compare(ofGated, label + ", input gradient of a gate")
        both.compare(gateGradient, label + ", gate gradient")
      }
    }

    @Test(arguments: [ColumnFactor.weight, .negativeExp, .sigmoid])
    func columns(_ factor: ColumnFactor) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (rows, columns, share) in [(3, 5, 1), (65, 48, 1), (130, 48, 8), (70, 21, 7), (5, 640, 64)] {
        let type: DType = Bool.random(using: &both.random) ? .float32 : .bfloat16
        let x = both.normals([rows, columns], type), gradient = both.normals([rows, columns], type)
        let weight = both.normals([columns / share]), weightGradient = both.normals([columns / share])
        let plus = share > 1 ? both.normals([rows, columns], type) : nil
        let output = both.output([rows, columns], type), inputGradient = both.output([rows, columns], type)
        both.run { side in
          side.backend.scaleColumns(side(x), by: side(weight), factor: factor, plus: side(plus), output: side(output))
          side.backend.scaleColumnsBackward(
            side(x), by: side(weight), factor: factor, outputGradient: side(gradient),
            inputGradient: side(inputGradient), weightGradient: side(weightGradient))
        }
        let label = "\(factor) \(type) [\(rows), \(columns)] by \(share)"
        both.compare(output, absolute: 4e-6, label)
        both.compare(inputGradient, absolute: 4e-6, label + ", input gradient")
        both.compare(weightGradient, absolute: 1e-3, label + ", weight gradient")
      }
    }

    @Test func heads() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (rows, heads, dimension) in [(1, 1, 1), (7, 3, 5), (33, 2, 64), (20, 4, 130)] {
        let types = (0..<2).map { _ in Bool.random(using: &both.random) ? DType.float32 : .bfloat16 }
        let a = both.normals([rows, heads * dimension], types[0]), b = both.normals([rows, heads * dimension], types[1])
        let scale = both.normals([rows, heads]), dots = both.output([rows, heads])
        let output = both.output([rows, heads * dimension], types[1])
        both.run { side in
          side.backend.scaleHeads(side(a), by: side(scale), output: side(output))
          side.backend.headDots(side(a), side(b), factor: -2, output: side(dots))
        }
        let label = "\(types) \(rows) rows, \(heads) heads of \(dimension)"
        both.compare(output, absolute: 4e-6, label)
        both.compare(dots, absolute: 1e-4, label + ", dots")
      }
    }
  }
}
