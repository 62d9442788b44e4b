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

  /// The rows of a parameter that is a part of it, of a type without blocks.
  func part(of parameter: ParameterDeclaration, at place: StoredPlace) -> StoredRows {
    precondition(type.blockSize == 1, "a type without blocks")
    let (file, type, width, columns) = (file, type, type.blockByteCount, parameter.columns)
    let whole = place.span(rows: 0..<(parameter.shape.first ?? 0), columns: columns)
    nonisolated(unsafe) let bytes = bytes
    @Sendable func piece(_ elements: Range<Int>) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[elements.lowerBound * width..<elements.upperBound * width])
    }
    return StoredRows(release: { file.release(piece(whole)) }) { rows, values in
      withExtendedLifetime(file) {
        place.gather(rows: rows, columns: columns, into: values) { first, values in
          type.decode(piece(first..<first + values.count), into: values)
        }
      }
    }
  }

  private var rowByteCount: Int { columns / type.blockSize * type.blockByteCount }
}

extension StoredRows {
  /// Some of the rows, as a matrix of their own.
  func part(_ part: Range<Int>) -> StoredRows {
    StoredRows(release: release) { rows, values in
      read(part.lowerBound + rows.lowerBound..<part.lowerBound + rows.upperBound, into: values)
    }
  }
}
