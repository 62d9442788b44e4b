import Formats
import Tensors

/// A matrix in a mapped file.
struct StoredMatrix {
  let file: MappedFile
  let bytes: UnsafeRawBufferPointer
  let type: GGUFTensorType
  /// Elements of a row, which whole blocks fill.
  let columns: Int

  /// Its rows as they are.
  var rows: StoredRows {
    let (file, type, rowBytes) = (file, type, rowByteCount)
    nonisolated(unsafe) let bytes = bytes
    return StoredRows(release: { file.release(bytes) }) { rows, values in
      let part = bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]
      withExtendedLifetime(file) { type.decode(UnsafeRawBufferPointer(rebasing: part), into: values) }
    }
  }

  /// Its rows in another order: row `i` is the file's row `place(i)`.
  func rows(_ place: @escaping @Sendable (Int) -> Int) -> StoredRows {
    let (file, type, rowBytes, columns) = (file, type, rowByteCount, columns)
    nonisolated(unsafe) let bytes = bytes
    return StoredRows(release: { file.release(bytes) }) { rows, values in
      for (i, row) in rows.enumerated() {
        let start = place(row) * rowBytes
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + rowBytes])
        let target = UnsafeMutableBufferPointer(rebasing: values[i * columns..<(i + 1) * columns])
        withExtendedLifetime(file) { type.decode(part, into: target) }
      }
    }
  }

  /// Its columns, of a type without blocks.
  var columnsAsRows: StoredRows {
    precondition(type.blockSize == 1, "a type without blocks")
    let (file, type, rowBytes, width) = (file, type, rowByteCount, type.blockByteCount)
    nonisolated(unsafe) let bytes = bytes
    return StoredRows(release: { file.release(bytes) }) { columns, values in
      let rows = rowBytes == 0 ? 0 : bytes.count / rowBytes
      withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.count) { row in
        for i in 0..<rows {
          let start = i * rowBytes + columns.lowerBound * width
          let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + columns.count * width])
          withExtendedLifetime(file) { type.decode(part, into: row) }
          for (column, value) in row.enumerated() { values[column * rows + i] = value }
        }
      }
    }
  }

  private var rowByteCount: Int { columns / type.blockSize * type.blockByteCount }
}
