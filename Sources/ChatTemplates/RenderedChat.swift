/// What a chat template made of a conversation.
public struct RenderedChat: Sendable, Equatable {
  /// A piece of the text, counted in two ways.
  public struct Span: Sendable, Equatable {
    /// In Unicode scalars, as Python counts.
    public var scalars: Range<Int>
    /// In bytes of UTF-8.
    public var bytes: Range<Int>
  }

  /// The text that the model reads.
  public let text: String
  /// What the assistant writes: the pieces within `{% generation %}`, in order.
  public let generations: [Span]
  /// How many `{% generation %}` blocks stood within a macro, a recursive loop or a block whose text the template works
  /// with. Where they stand in the text is not known, so no span tells of them.
  public let unplacedGenerations: Int

  init(_ interpreter: Interpreter) {
    let bytes = interpreter.output
    text = String(decoding: bytes, as: UTF8.self)
    unplacedGenerations = interpreter.unplacedGenerations
    var (place, count) = (0, 0)
    func scalars(to end: Int) -> Int {
      count += Text.countScalars(bytes[place..<end])
      place = end
      return count
    }
    generations = interpreter.generations.map { range in
      let start = scalars(to: range.lowerBound)
      return Span(scalars: start..<scalars(to: range.upperBound), bytes: range)
    }
  }
}
