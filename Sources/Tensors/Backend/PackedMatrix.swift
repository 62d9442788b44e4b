/// The right operand `[depth, columns]` of a product, as a backend packed it.
public struct PackedMatrix: Sendable {
  public var storage: Storage
  /// Bytes from the storage's beginning.
  public var byteOffset: Int
  /// Whether it was packed from a matrix that is stored `[columns, depth]`; a backend that packs a matrix as it stands
  /// must know.
  public var isTransposed: Bool

  public init(storage: Storage, byteOffset: Int = 0, isTransposed: Bool) {
    self.storage = storage
    self.byteOffset = byteOffset
    self.isTransposed = isTransposed
  }

  /// Where it begins.
  public var pointer: UnsafeMutableRawPointer { storage.pointer + byteOffset }
}

/// The right operand `[depth, columns]` of a product.
public enum RightOperand: Sendable {
  /// Packed before.
  case packed(PackedMatrix)
  /// As it lies in memory: the backend packs it a part at a time, so that all of it is not there twice.
  case plain(Tensor)
}
