/// Type of the elements of a matrix product.
public enum BLASType: Sendable, Hashable {
  case float32, bfloat16

  /// `cudaDataType` of library_types.h.
  var code: Int32 { self == .float32 ? 0 : 14 }
  /// Bytes of one element.
  public var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// A row-major matrix in a card's memory, or its transpose.
public struct BLASMatrix: Sendable {
  /// Where the first element is.
  public var address: DeviceAddress
  /// Type of its elements.
  public var type: BLASType
  /// Rows as they lie in memory.
  public var rows: Int
  /// Columns as they lie in memory.
  public var columns: Int
  /// Elements from one row to the next.
  public var stride: Int
  /// Whether the matrix that is meant is the transpose of what lies there.
  public var isTransposed: Bool

  /// Describes a matrix.
  /// - Parameter stride: elements from one row to the next; nil where rows follow each other.
  public init(
    _ address: DeviceAddress, _ type: BLASType, rows: Int, columns: Int, stride: Int? = nil, transposed: Bool = false
  ) {
    self.address = address
    self.type = type
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    isTransposed = transposed
  }

  /// Rows and columns of the matrix that is meant.
  var shape: (rows: Int, columns: Int) { isTransposed ? (columns, rows) : (rows, columns) }

  var description: String {
    let name = type == .float32 ? "float32" : "bfloat16"
    return "\(name) [\(rows), \(columns)]\(stride == columns ? "" : " in rows of \(stride)")"
      + (isTransposed ? " transposed" : "")
  }
}

extension DeviceAddress {
  /// Bytes, a power of two up to 256, of which the address is a multiple.
  var alignment: UInt32 { UInt32(1) << min(bits.trailingZeroBitCount, 8) }
}
