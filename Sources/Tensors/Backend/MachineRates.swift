/// What the machine does at best, measured: the roof that training steps are compared with.
public struct MachineRates: Sendable, Equatable {
  /// Floating-point operations a second of matrix products with bfloat16 operands.
  public var bfloat16Products: Double
  /// Floating-point operations a second of matrix products with float32 operands.
  public var float32Products: Double
  /// Exponentials a second, as a softmax in bfloat16 and in float32 takes them.
  public var bfloat16Exponentials: Double
  public var float32Exponentials: Double
  /// Bytes a second that a copy in memory moves, those read and those written both counted.
  public var copyBytesPerSecond: Double

  /// Names the rates of a machine.
  public init(
    bfloat16Products: Double, float32Products: Double, bfloat16Exponentials: Double, float32Exponentials: Double,
    copyBytesPerSecond: Double
  ) {
    self.bfloat16Products = bfloat16Products
    self.float32Products = float32Products
    self.bfloat16Exponentials = bfloat16Exponentials
    self.float32Exponentials = float32Exponentials
    self.copyBytesPerSecond = copyBytesPerSecond
  }

  /// Floating-point operations a second of matrix products with operands of a type.
  public func matrixRate(_ compute: DType) -> Double { compute == .float32 ? float32Products : bfloat16Products }

  /// Exponentials a second where products have operands of a type.
  public func exponentialRate(_ compute: DType) -> Double {
    compute == .float32 ? float32Exponentials : bfloat16Exponentials
  }

  /// Measures all rates: the best of several repetitions of each, as others may use the machine meanwhile.
  /// - Parameter seconds: time for each of the five.
  public static func measure(in execution: Execution, seconds: Double = 1) -> MachineRates {
    MachineRates(
      bfloat16Products: matrixRate(.bfloat16, in: execution, seconds: seconds),
      float32Products: matrixRate(.float32, in: execution, seconds: seconds),
      bfloat16Exponentials: exponentialRate(.bfloat16, in: execution, seconds: seconds),
      float32Exponentials: exponentialRate(.float32, in: execution, seconds: seconds),
      copyBytesPerSecond: copyRate(in: execution, seconds: seconds))
  }

  /// Measures the product of a layer that fills the device, with packed weights.
  /// - Returns: floating-point operations a second.
  public static func matrixRate(_ compute: DType, in execution: Execution, seconds: Double = 1) -> Double {
    let (rows, inputs, outputs) = execution.backend.fullProduct
    let product = MatrixProduct(.forward, rows: rows, inputs: inputs, outputs: outputs, compute: compute)
    return best(product.operations, product.times(in: execution, seconds: seconds))
  }

  /// Measures exponentials of numbers that stay in the second-level caches of a processor.
  static func exponentialRate(_ compute: DType, in execution: Execution, seconds: Double) -> Double {
    let arena = execution.backend.makeArena()
    let (x, y) = (Tensor([1 << 16], .float32, in: arena), Tensor([1 << 16], .float32, in: arena))
    x.write { host in for i in 0..<host.count { host.floats[i] = -Float(i % 4096) / 256 } }
    let times = repeatedTimes(in: execution, seconds: seconds, minimumRuns: 3) {
      for _ in 0..<16 { execution.backend.exponential(x, compute: compute, into: y) }
    }
    return best(16 * Double(x.count), times)
  }

  /// Measures a copy of 128 MiB, more than most caches hold.
  static func copyRate(in execution: Execution, seconds: Double) -> Double {
    let arena = execution.backend.makeArena()
    let (from, to) = (Tensor([1 << 25], .float32, in: arena), Tensor([1 << 25], .float32, in: arena))
    execution.backend.fillZero(from)
    let times = repeatedTimes(in: execution, seconds: seconds, minimumRuns: 3) { execution.backend.convert(from, into: to) }
    return best(2 * Double(from.count * from.dtype.byteCount), times)
  }

  private static func best(_ work: Double, _ times: [Double]) -> Double {
    // A clock that did not move says nothing.
    times.filter { $0 > 0 }.min().map { work / $0 } ?? 0
  }
}
