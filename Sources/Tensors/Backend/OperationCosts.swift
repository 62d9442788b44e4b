import Synchronization

/// What the calls of one operation took together.
public struct OperationCost: Sendable, Equatable {
  /// Time in it.
  public var seconds = 0.0
  /// Multiplications and additions of its matrix products; 0 for operations without.
  public var operations = 0.0
  /// Exponentials of a softmax or an activation.
  public var exponentials = 0.0
  /// Bytes that it must read and write if each operand goes through memory once.
  public var bytes = 0.0

  /// No calls yet.
  public init() {}
}

/// The costs of all operations, by name.
public final class OperationCosts: Sendable {
  private let costs = Mutex<[String: OperationCost]>([:])

  /// Starts with none.
  public init() {}

  /// The costs so far.
  public var byName: [String: OperationCost] { costs.withLock { $0 } }

  func add(_ name: String, seconds: Double, operations: Double, exponentials: Double, bytes: Double) {
    costs.withLock { costs in
      var cost = costs[name] ?? OperationCost()
      cost.seconds += seconds
      cost.operations += operations
      cost.exponentials += exponentials
      cost.bytes += bytes
      costs[name] = cost
    }
  }
}
