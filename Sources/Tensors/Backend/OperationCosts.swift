import Synchronization

/// What the calls of one operation took together.
public struct OperationCost: Sendable, Equatable {
  /// How often it was called.
  public var calls = 0
  /// Time in it.
  public var seconds = 0.0
  /// Multiplications and additions of its matrix products; 0 for operations without.
  public var operations = 0.0
  /// Bytes that it must read and write if each operand goes through memory once.
  public var bytes = 0.0

  /// No calls yet.
  public init() {}

  /// The least time in which a machine could do this: the longer of arithmetic at its matrix rate and traffic at its
  /// copy rate. Operands that stay in a cache can be faster.
  public func limit(_ rates: MachineRates, compute: DType) -> Double {
    max(operations / rates.matrixRate(compute), bytes / rates.copyBytesPerSecond)
  }
}

/// The costs of all operations since the last reset, by name.
public final class OperationCosts: Sendable {
  private let costs = Mutex<[String: OperationCost]>([:])

  /// Starts with none.
  public init() {}

  /// The costs so far.
  public var byName: [String: OperationCost] { costs.withLock { $0 } }

  /// Forgets everything.
  public func reset() { costs.withLock { $0 = [:] } }

  func add(_ name: String, seconds: Double, operations: Double, bytes: Double) {
    costs.withLock { costs in
      costs[name, default: OperationCost()].calls += 1
      costs[name, default: OperationCost()].seconds += seconds
      costs[name, default: OperationCost()].operations += operations
      costs[name, default: OperationCost()].bytes += bytes
    }
  }
}
