/// The tensors that a file being written still waits for, in their order.
struct TensorQueue {
  private var pending: ArraySlice<(name: String, byteCount: Int)>
  /// Bytes given to the first of them.
  private var written = 0

  /// Tensors without bytes are passed over.
  init(_ tensors: [(name: String, byteCount: Int)]) { pending = tensors.filter { $0.byteCount > 0 }[...] }

  /// Notes that `count` bytes of the tensor `name` came.
  /// - Returns: whether it is complete now.
  /// - Throws: `Problem` when another tensor is next or the bytes exceed it.
  mutating func take(_ count: Int, of name: String) throws(Problem) -> Bool {
    guard let next = pending.first, next.name == name else {
      let wanted = pending.first.map { "\"\($0.name)\" is next" } ?? "all tensors are complete"
      throw Problem(name: name, text: "was written out of order: \(wanted)")
    }
    guard count <= next.byteCount - written else {
      throw Problem(name: name, text: "was given \(written + count) bytes where its shape takes \(next.byteCount)")
    }
    written += count
    guard written == next.byteCount else { return false }
    pending.removeFirst()
    written = 0
    return true
  }

  /// - Throws: `Problem` when a tensor is incomplete.
  func finish() throws(Problem) {
    guard let next = pending.first else { return }
    throw Problem(name: next.name, text: "is incomplete: \(written) of \(next.byteCount) bytes were given")
  }

  /// A mistake of whoever writes.
  struct Problem: Error {
    var name: String
    var text: String
  }
}
