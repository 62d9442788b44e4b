extension MeasuringBackend {
  public func scan(_ scan: StateScan) {
    // Decay, product and reading: a multiply-add each.
    let elements = scan.sequences * scan.length * scan.heads * scan.rows * scan.lanes
    measure(
      scan.isReverse || scan.products != nil ? "linear attention backward" : "linear attention",
      operations: 4 * Double(elements), scan.read.tensor, scan.row.tensor, scan.lane.tensor, scan.decay,
      scan.output.tensor
    ) { base.scan(scan) }
  }

  public func decayGradient(
    products: Tensor, sequences: Int, heads: Int, ofLanes: Bool, firstKeys: Tensor?, decayGradient: Tensor
  ) {
    measure("linear attention backward", products, decayGradient) {
      base.decayGradient(
        products: products, sequences: sequences, heads: heads, ofLanes: ofLanes, firstKeys: firstKeys,
        decayGradient: decayGradient)
    }
  }

  public func deltaRule(_ rule: DeltaScan) {
    let elements = rule.sequences * rule.length * rule.heads * rule.keyDimension * rule.valueDimension
    measure(
      rule.isReverse ? "delta rule backward" : "delta rule", operations: 6 * Double(elements), rule.query.tensor,
      rule.key.tensor, rule.value.tensor, rule.decay, rule.stored
    ) { base.deltaRule(rule) }
  }

  public func convolution(_ convolution: ChannelConvolution, output: Tensor) {
    measure("convolution", convolution.input, output) { base.convolution(convolution, output: output) }
  }

  public func convolutionBackward(
    _ convolution: ChannelConvolution, outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?,
    biasGradient: Tensor?
  ) {
    measure("convolution backward", convolution.input, outputGradient, inputGradient) {
      base.convolutionBackward(
        convolution, outputGradient: outputGradient, inputGradient: inputGradient, weightGradient: weightGradient,
        biasGradient: biasGradient)
    }
  }

  public func selectiveScan(_ scan: SelectiveScan, output: Tensor) {
    let elements = scan.input.count * scan.key.columns
    measure(
      "selective scan", operations: 4 * Double(elements), exponentials: elements, scan.input, scan.step, output
    ) { base.selectiveScan(scan, output: output) }
  }

  public func selectiveScanBackward(
    _ scan: SelectiveScan, outputGradient: Tensor, inputGradient: Tensor, stepGradient: Tensor, keyGradient: Tensor,
    queryGradient: Tensor, rateGradient: Tensor
  ) {
    let elements = scan.input.count * scan.key.columns
    measure(
      "selective scan backward", operations: 8 * Double(elements), exponentials: 3 * elements, scan.input, scan.step,
      outputGradient, inputGradient, stepGradient
    ) {
      base.selectiveScanBackward(
        scan, outputGradient: outputGradient, inputGradient: inputGradient, stepGradient: stepGradient,
        keyGradient: keyGradient, queryGradient: queryGradient, rateGradient: rateGradient)
    }
  }

  public func map(_ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, output: Tensor) {
    measure("pointwise", x, output) { base.map(function, x, bias: bias, factor: factor, output: output) }
  }

  public func mapBackward(
    _ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, outputGradient: Tensor, inputGradient: Tensor,
    biasGradient: Tensor?
  ) {
    measure("pointwise backward", x, outputGradient, inputGradient) {
      base.mapBackward(
        function, x, bias: bias, factor: factor, outputGradient: outputGradient, inputGradient: inputGradient,
        biasGradient: biasGradient)
    }
  }

  public func gate(_ function: PointFunction, _ x: Tensor, by gate: Tensor, output: Tensor) {
    measure("pointwise", x, gate, output) { base.gate(function, x, by: gate, output: output) }
  }

  public func gateBackward(
    _ function: PointFunction, _ x: Tensor, by gate: Tensor, outputGradient: Tensor, inputGradient: Tensor,
    gateGradient: Tensor
  ) {
    measure("pointwise backward", x, gate, outputGradient, inputGradient, gateGradient) {
      base.gateBackward(
        function, x, by: gate, outputGradient: outputGradient, inputGradient: inputGradient, gateGradient: gateGradient)
    }
  }

  public func scaleColumns(_ x: Tensor, by weight: Tensor, factor: ColumnFactor, plus: Tensor?, output: Tensor) {
    measure("pointwise", x, plus, output) {
      base.scaleColumns(x, by: weight, factor: factor, plus: plus, output: output)
    }
  }

  public func scaleColumnsBackward(
    _ x: Tensor, by weight: Tensor, factor: ColumnFactor, outputGradient: Tensor, inputGradient: Tensor,
    weightGradient: Tensor?
  ) {
    measure("pointwise backward", x, outputGradient, inputGradient) {
      base.scaleColumnsBackward(
        x, by: weight, factor: factor, outputGradient: outputGradient, inputGradient: inputGradient,
        weightGradient: weightGradient)
    }
  }

  public func scaleHeads(_ x: Tensor, by scale: Tensor, output: Tensor) {
    measure("pointwise", x, scale, output) { base.scaleHeads(x, by: scale, output: output) }
  }

  public func headDots(_ a: Tensor, _ b: Tensor, factor: Float, output: Tensor) {
    measure("pointwise", a, b, output) { base.headDots(a, b, factor: factor, output: output) }
  }
}
