import CKernels
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Norms {
    @Test func rmsNorm() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, columns) in [(1, 1), (3, 15), (65, 33), (130, 64), (7, 257)] {
          for dtype in [APUS_F32, APUS_BF16] {
            for hasDelta in [false, true] {
              for onePlus in [false, true] {
                checkRMSNorm(rows, columns, dtype, hasDelta: hasDelta, onePlus: onePlus, &random)
              }
            }
          }
        }
      }
    }

    @Test func headNorm() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, heads, dimension) in [(1, 1, 1), (3, 2, 24), (70, 3, 33), (129, 5, 64)] {
          for dtype in [APUS_F32, APUS_BF16] {
            for onePlus in [false, true] { checkHeadNorm(rows, heads, dimension, dtype, onePlus: onePlus, &random) }
          }
        }
      }
    }

    @Test func layerNorm() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, columns) in [(1, 1), (3, 15), (65, 33), (130, 64), (7, 257)] {
          for dtype in [APUS_F32, APUS_BF16] {
            for hasDelta in [false, true] { checkLayerNorm(rows, columns, dtype, hasDelta: hasDelta, &random) }
          }
        }
      }
    }
  }
}

/// Weight gradients are sums over rows of terms of size 1 or so.
private func sumTolerance(_ rows: Int) -> Tolerance { Tolerance(absolute: 2e-6 * Double(rows) + 1e-5, relative: 1e-5) }
private let elementTolerance = Tolerance(absolute: 1e-5, relative: 1e-5)

private func checkRMSNorm(
  _ rows: Int, _ columns: Int, _ dtype: apus_dtype, hasDelta: Bool, onePlus: Bool, _ random: inout TestRandom
) {
  let count = rows * columns
  let x = Buffer.input(random.normals(count), dtype)
  let delta = hasDelta ? Buffer.input(random.normals(count), dtype) : nil
  let weight = Buffer.input(random.normals(columns))
  let (m, n) = (Int64(rows), Int64(columns))
  let expected = (sum: Buffer.output(count, dtype), output: Buffer.output(count, dtype), rstd: Buffer.output(rows))
  apus_rms_norm_reference(
    m, n, x.raw, delta?.raw, weight.floats, onePlus, 1e-5, expected.sum.raw, expected.output.raw,
    expected.rstd.floats, dtype)

  let sum = hasDelta ? expected.sum : x
  let outputGradient = Buffer.input(random.normals(count), dtype)
  let residualGradient = Buffer.input(random.normals(count), dtype)
  let weightBefore = random.normals(columns)
  let gradients = rmsNormGradients(
    sum.doubles, rows: rows, columns: columns, weight: weight.doubles.map { onePlus ? 1 + $0 : $0 },
    rstd: expected.rstd.doubles, outputGradient: outputGradient.doubles)
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) RMSNorm [\(rows), \(columns)] \(dtype) delta \(hasDelta) one plus \(onePlus)"
    let actual = (sum: Buffer.output(count, dtype), output: Buffer.output(count, dtype), rstd: Buffer.output(rows))
    apus_rms_norm(
      m, n, x.raw, delta?.raw, weight.floats, onePlus, 1e-5, actual.sum.raw, actual.output.raw, actual.rstd.floats,
      dtype)
    // Both add two floats once: the very same number.
    #expect(actual.sum.bytes == expected.sum.bytes && actual.sum.firstOverwritten == nil, "\(label) sum")
    compare(actual.output, expected.output, elementTolerance, "\(label) output")
    compare(actual.rstd, expected.rstd, elementTolerance, "\(label) rstd")

    for hasResidual in [false, true] {
      // In place over the residual's gradient where there is one.
      let inputGradient: Buffer =
        hasResidual ? .inOut(residualGradient.doubles.map { Float($0) }, dtype) : .output(count, dtype)
      let weightGradient = Buffer.inOut(weightBefore)
      apus_rms_norm_backward(
        m, n, sum.raw, weight.floats, onePlus, expected.rstd.floats, outputGradient.raw,
        hasResidual ? inputGradient.raw : nil, inputGradient.raw, weightGradient.floats, dtype)
      compare(
        inputGradient,
        zip(gradients.input, residualGradient.doubles).map { rounded($0 + (hasResidual ? $1 : 0), dtype) },
        Tolerance(absolute: 2e-5, relative: 1e-5), "\(label) input gradient, residual \(hasResidual)")
      compare(
        weightGradient, zip(weightBefore, gradients.weight).map { Double($0) + $1 }, sumTolerance(rows),
        "\(label) weight gradient")
    }
    let frozen = Buffer.output(count, dtype)
    apus_rms_norm_backward(
      m, n, sum.raw, weight.floats, onePlus, expected.rstd.floats, outputGradient.raw, nil, frozen.raw, nil, dtype)
    compare(
      frozen, gradients.input.map { rounded($0, dtype) }, Tolerance(absolute: 2e-5, relative: 1e-5), "\(label) frozen")
  }
}

private func rmsNormGradients(
  _ x: [Double], rows: Int, columns: Int, weight: [Double], rstd: [Double], outputGradient: [Double]
) -> (input: [Double], weight: [Double]) {
  var input = Array(repeating: 0.0, count: rows * columns)
  var weightGradient = Array(repeating: 0.0, count: columns)
  for r in 0..<rows {
    var mean = 0.0
    for c in 0..<columns {
      let n = x[r * columns + c] * rstd[r]
      weightGradient[c] += outputGradient[r * columns + c] * n
      mean += outputGradient[r * columns + c] * weight[c] * n / Double(columns)
    }
    for c in 0..<columns {
      let n = x[r * columns + c] * rstd[r]
      input[r * columns + c] = (outputGradient[r * columns + c] * weight[c] - n * mean) * rstd[r]
    }
  }
  return (input, weightGradient)
}

private func checkHeadNorm(
  _ rows: Int, _ heads: Int, _ dimension: Int, _ dtype: apus_dtype, onePlus: Bool, _ random: inout TestRandom
) {
  let stride = heads * dimension + Int.random(in: 0...5, using: &random)
  let count = (rows - 1) * stride + heads * dimension
  let x = Buffer.input(random.normals(count), dtype)
  let weight = Buffer.input(random.normals(dimension))
  let outputGradient = Buffer.input(random.normals(count), dtype)
  let weightBefore = random.normals(dimension)
  // Heads one after another are rows of a norm; nil stands for the gaps between the rows.
  let places = (0..<rows * heads).flatMap { head in
    (0..<dimension).map { head / heads * stride + head % heads * dimension + $0 }
  }
  let values = places.map { x[$0] }
  let factors = weight.doubles.map { onePlus ? 1 + $0 : $0 }
  let rstd = (0..<rows * heads).map { head in
    let squares = values[head * dimension..<(head + 1) * dimension].reduce(0) { $0 + $1 * $1 }
    return 1 / (squares / Double(dimension) + Double(Float(1e-6))).squareRoot()
  }
  let gradients = rmsNormGradients(
    values, rows: rows * heads, columns: dimension, weight: factors, rstd: rstd,
    outputGradient: places.map { outputGradient[$0] })
  func scattered(_ values: [Double]) -> [Double?] {
    var all = [Double?](repeating: nil, count: count)
    for (place, value) in zip(places, values) { all[place] = rounded(value, dtype) }
    return all
  }
  let output = scattered(values.indices.map { values[$0] * rstd[$0 / dimension] * factors[$0 % dimension] })
  let inputGradient = scattered(gradients.input)
  let (m, h, d, s) = (Int64(rows), Int64(heads), Int64(dimension), Int64(stride))
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) head norm [\(rows), \(heads), \(dimension)] \(dtype) one plus \(onePlus)"
    let actual = (output: Buffer.output(count, dtype), rstd: Buffer.output(rows * heads))
    apus_head_norm(m, h, d, s, x.raw, weight.floats, onePlus, 1e-6, actual.output.raw, actual.rstd.floats, dtype)
    compare(actual.output, count: count, at: { output[$0] }, { _ in elementTolerance }, "\(label) output")
    compare(actual.rstd, rstd, elementTolerance, "\(label) rstd")
    let inPlace = Buffer.inOut(x.doubles.map { Float($0) }, dtype)
    apus_head_norm(m, h, d, s, inPlace.raw, weight.floats, onePlus, 1e-6, inPlace.raw, actual.rstd.floats, dtype)
    compare(inPlace, (0..<count).map { output[$0] ?? x[$0] }, elementTolerance, "\(label) output in place")

    let actualGradient = Buffer.output(count, dtype)
    let weightGradient = Buffer.inOut(weightBefore)
    apus_head_norm_backward(
      m, h, d, s, x.raw, weight.floats, onePlus, actual.rstd.floats, outputGradient.raw, actualGradient.raw,
      weightGradient.floats, dtype)
    let tolerance = Tolerance(absolute: 3e-5 * (rstd.max() ?? 1), relative: 1e-5)
    compare(actualGradient, count: count, at: { inputGradient[$0] }, { _ in tolerance }, "\(label) input gradient")
    compare(
      weightGradient, zip(weightBefore, gradients.weight).map { Double($0) + $1 }, sumTolerance(rows * heads),
      "\(label) weight gradient")
    let gradientInPlace = Buffer.inOut(outputGradient.doubles.map { Float($0) }, dtype)
    apus_head_norm_backward(
      m, h, d, s, x.raw, weight.floats, onePlus, actual.rstd.floats, gradientInPlace.raw, gradientInPlace.raw, nil, dtype)
    compare(
      gradientInPlace, (0..<count).map { inputGradient[$0] ?? outputGradient[$0] }, tolerance,
      "\(label) input gradient in place")
  }
}

private func checkLayerNorm(
  _ rows: Int, _ columns: Int, _ dtype: apus_dtype, hasDelta: Bool, _ random: inout TestRandom
) {
  let count = rows * columns
  let x = Buffer.input(random.normals(count).map { $0 + 2 }, dtype)
  let delta = hasDelta ? Buffer.input(random.normals(count), dtype) : nil
  let weight = Buffer.input(random.normals(columns))
  let bias = Buffer.input(random.normals(columns))
  let outputGradient = Buffer.input(random.normals(count), dtype)
  let residualGradient = Buffer.input(random.normals(count), dtype)
  let before = random.normals(columns)
  let (m, n) = (Int64(rows), Int64(columns))
  let epsilon: Float = 1e-3
  let expected = (
    sum: Buffer.output(count, dtype), output: Buffer.output(count, dtype), statistics: Buffer.output(rows * 2)
  )
  apus_layer_norm_reference(
    m, n, x.raw, delta?.raw, weight.floats, bias.floats, epsilon, expected.sum.raw, expected.output.raw,
    expected.statistics.floats, dtype)
  let sum = hasDelta ? expected.sum : x
  var inputGradient = Array(repeating: 0.0, count: count)
  var weightGradient = before.map { Double($0) }
  var biasGradient = before.map { Double($0) }
  for r in 0..<rows {
    let row = (0..<columns).map { sum[r * columns + $0] }
    let mean = row.reduce(0, +) / Double(columns)
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
    let rstd = 1 / (variance + Double(epsilon)).squareRoot()
    let normed = row.map { ($0 - mean) * rstd }
    let d = (0..<columns).map { outputGradient[r * columns + $0] }
    let g = (0..<columns).map { d[$0] * weight[$0] }
    let meanG = g.reduce(0, +) / Double(columns)
    let meanGN = zip(g, normed).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns)
    for c in 0..<columns {
      inputGradient[r * columns + c] = (g[c] - meanG - normed[c] * meanGN) * rstd
      weightGradient[c] += d[c] * normed[c]
      biasGradient[c] += d[c]
    }
  }
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) LayerNorm [\(rows), \(columns)] \(dtype) delta \(hasDelta)"
    let actual = (
      sum: Buffer.output(count, dtype), output: Buffer.output(count, dtype), statistics: Buffer.output(rows * 2)
    )
    apus_layer_norm(
      m, n, x.raw, delta?.raw, weight.floats, bias.floats, epsilon, actual.sum.raw, actual.output.raw,
      actual.statistics.floats, dtype)
    // Both add two floats once: the very same number.
    #expect(actual.sum.bytes == expected.sum.bytes && actual.sum.firstOverwritten == nil, "\(label) sum")
    compare(actual.output, expected.output, Tolerance(absolute: 2e-5, relative: 1e-5), "\(label) output")
    compare(actual.statistics, expected.statistics, elementTolerance, "\(label) statistics")
    for hasResidual in [false, true] {
      // In place over the residual's gradient where there is one.
      let input: Buffer = hasResidual ? .inOut(residualGradient.doubles.map { Float($0) }, dtype) : .output(count, dtype)
      let gradients = (weight: Buffer.inOut(before), bias: Buffer.inOut(before))
      apus_layer_norm_backward(
        m, n, sum.raw, weight.floats, actual.statistics.floats, outputGradient.raw, hasResidual ? input.raw : nil,
        input.raw, gradients.weight.floats, gradients.bias.floats, dtype)
      compare(
        input, zip(inputGradient, residualGradient.doubles).map { rounded($0 + (hasResidual ? $1 : 0), dtype) },
        Tolerance(absolute: 1e-4, relative: 1e-5), "\(label) input gradient, residual \(hasResidual)")
      compare(gradients.weight, weightGradient, sumTolerance(rows), "\(label) weight gradient")
      compare(gradients.bias, biasGradient, sumTolerance(rows), "\(label) bias gradient")
      if hasResidual { continue }
      let frozen = Buffer.output(count, dtype)
      apus_layer_norm_backward(
        m, n, sum.raw, weight.floats, actual.statistics.floats, outputGradient.raw, nil, frozen.raw, nil, nil, dtype)
      #expect(frozen.bytes == input.bytes, "\(label) frozen")
    }
  }
}
