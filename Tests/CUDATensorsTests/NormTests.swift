import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct Norms {
    /// Rows, columns, type: rows of several threads of a warp, of all of a block and of an odd length; more rows than
    /// a block has for its sums.
    static let shapes: [(Int, Int, DType)] = [
      (70, 64, .bfloat16), (21, 1160, .bfloat16), (37, 77, .float32), (6, 640, .float32),
    ]

    @Test(arguments: shapes)
    func rms(_ rows: Int, _ columns: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (hasDelta, onePlus) in [(true, false), (false, true)] {
        let x = both.normals([rows, columns], type)
        let delta = hasDelta ? both.normals([rows, columns], type) : nil
        let sum = hasDelta ? both.output([rows, columns], type) : x
        let weight = both.normals([columns])
        let (output, rstd) = (both.output([rows, columns], type), both.output([rows]))
        let (gradient, weightGradient) = (both.normals([rows, columns], type), both.normals([columns]))
        // The residual's gradient, in place of which the sum's comes.
        let residual = both.normals([rows, columns], type)
        let sumGradient = hasDelta ? residual : both.output([rows, columns], type)
        both.run { side in
          side.backend.rmsNorm(
            side(x), delta: side(delta), weight: side(weight), onePlus: onePlus, epsilon: 1e-5, sum: side(sum),
            output: side(output), rstd: side(rstd))
          side.backend.rmsNormBackward(
            sum: side(sum), weight: side(weight), onePlus: onePlus, rstd: side(rstd), outputGradient: side(gradient),
            residualGradient: hasDelta ? side(residual) : nil, sumGradient: side(sumGradient),
            weightGradient: side(weightGradient))
        }
        let label = "\(rows) x \(columns) \(type)\(hasDelta ? " with a sum" : "")\(onePlus ? " one plus" : "")"
        both.compare(sum, absolute: 0, relative: 0, steps: 0, label + ", sum")
        both.compare(rstd, label + ", rstd")
        both.compare(output, label + ", output")
        both.compare(sumGradient, absolute: 2e-5, label + ", gradient")
        both.compare(weightGradient, absolute: 5e-5, label + ", weight's gradient")
      }
    }

    @Test(arguments: [(70, 136, DType.bfloat16), (37, 77, .float32)])
    func layers(_ rows: Int, _ columns: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for hasDelta in [true, false] {
        let x = both.normals([rows, columns], type, scale: 2)
        let delta = hasDelta ? both.normals([rows, columns], type) : nil
        let sum = hasDelta ? both.output([rows, columns], type) : x
        let (weight, bias) = (both.normals([columns]), both.normals([columns]))
        let (output, statistics) = (both.output([rows, columns], type), both.output([rows, 2]))
        let (gradient, sumGradient) = (both.normals([rows, columns], type), both.output([rows, columns], type))
        let residual = hasDelta ? nil : both.normals([rows, columns], type)
        let (weightGradient, biasGradient) = (hasDelta ? both.normals([columns]) : nil, both.normals([columns]))
        both.run { side in
          side.backend.layerNorm(
            side(x), delta: side(delta), weight: side(weight), bias: side(bias), epsilon: 1e-5, sum: side(sum),
            output: side(output), statistics: side(statistics))
          side.backend.layerNormBackward(
            sum: side(sum), weight: side(weight), statistics: side(statistics), outputGradient: side(gradient),
            residualGradient: side(residual), sumGradient: side(sumGradient), weightGradient: side(weightGradient),
            biasGradient: side(biasGradient))
        }
        let label = "\(rows) x \(columns) \(type)\(hasDelta ? " with a sum" : "")"
        both.compare(statistics, label + ", statistics")
        both.compare(output, label + ", output")
        both.compare(sumGradient, absolute: 2e-5, label + ", gradient")
        if let weightGradient { both.compare(weightGradient, absolute: 5e-5, label + ", weight's gradient") }
        both.compare(biasGradient, absolute: 5e-5, label + ", bias' gradient")
      }
    }

    /// In place, and what lies around the heads stays.
    @Test(arguments: [(5, 64, 8, DType.bfloat16), (3, 20, 3, .float32)])
    func heads(_ heads: Int, _ dimension: Int, _ column: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (rows, columns) = (45, column + heads * dimension + 8)
      let (x, weight) = (both.normals([rows, columns], type), both.normals([dimension]))
      let copy = both.pair(x.processor.toFloats(), [rows, columns], type)
      let rstd = both.output([rows, heads])
      let (gradient, weightGradient) = (both.normals([rows, columns], type), both.normals([dimension]))
      both.run { side in
        side.backend.headNorm(
          side(copy), columnOffset: column, heads: heads, dimension: dimension, weight: side(weight), onePlus: true,
          epsilon: 1e-5, output: side(copy), rstd: side(rstd))
        side.backend.headNormBackward(
          side(x), columnOffset: column, heads: heads, dimension: dimension, weight: side(weight), onePlus: true,
          rstd: side(rstd), outputGradient: side(gradient), inputGradient: side(gradient),
          weightGradient: side(weightGradient))
      }
      both.compare(rstd, "\(type), rstd")
      both.compare(copy, "\(type), output")
      both.compare(gradient, absolute: 2e-5, "\(type), gradient")
      both.compare(weightGradient, absolute: 1e-4, "\(type), weight's gradient")
    }

    @Test(arguments: [(200, 136, DType.bfloat16), (3, 8, .bfloat16), (90, 77, .float32)])
    func bias(_ rows: Int, _ columns: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (x, bias) = (both.normals([rows, columns], type), both.normals([columns]))
      let (gradient, biasGradient) = (both.normals([rows, columns], type), both.normals([columns]))
      both.run { side in
        side.backend.addBias(side(bias), to: side(x))
        side.backend.biasBackward(outputGradient: side(gradient), biasGradient: side(biasGradient))
      }
      both.compare(x, absolute: 1e-6, "\(rows) x \(columns) \(type)")
      both.compare(biasGradient, absolute: 5e-5, "\(rows) x \(columns) \(type), gradient")
    }
  }
}
