/// What `range(...)` makes.
final class NumberRange: RuntimeObject {
  private let start: Int
  private let step: Int
  let count: Int

  private init(start: Int, step: Int, count: Int) {
    (self.start, self.step, self.count) = (start, step, count)
  }

  /// Reads the arguments of `range`.
  /// - Throws: for a range longer than the sandbox allows.
  convenience init(_ arguments: CallArguments) throws {
    let values = try arguments.unnamed("range", 1...3).map { value in
      guard let index = value.index else { throw TemplateFailure("range takes whole numbers, not \(value.typeName)") }
      return index
    }
    let (start, stop) = values.count == 1 ? (0, values[0]) : (values[0], values[1])
    let step = values.count == 3 ? values[2] : 1
    if step == 0 { throw TemplateFailure("the step of a range cannot be 0") }
    // As 64-bit floats the ends cannot overflow; near the limit they are exact.
    let length = ((Double(stop) - Double(start)) / Double(step)).rounded(.up)
    guard length <= Double(ChatTemplateLimits.rangeLength) else {
      throw TemplateFailure("a range has at most \(ChatTemplateLimits.rangeLength) elements", kind: .limit)
    }
    self.init(start: start, step: step, count: max(0, Int(length)))
  }

  override var typeName: String { "range" }
  override var length: Int? { count }
  override var isSequence: Bool { true }

  private func element(_ index: Int) -> Int { start &+ index &* step }

  override func item(_ key: Value) -> Value? {
    guard let index = key.index else { return nil }
    let place = index < 0 ? index + count : index
    return place >= 0 && place < count ? .integer(element(place)) : nil
  }

  override func iterator(_ interpreter: Interpreter) throws -> ValueIterator? {
    try interpreter.spend(count)
    return ValueIterator((0..<count).map { .integer(element($0)) })
  }

  /// The range of the elements at evenly spaced indices.
  func slice(_ indices: StrideTo<Int>) -> NumberRange {
    let places = Array(indices)
    let stride = places.count > 1 ? places[1] - places[0] : 1
    return NumberRange(start: places.first.map(element) ?? start, step: step &* stride, count: places.count)
  }

  override func isEqual(to other: RuntimeObject) -> Bool {
    guard let other = other as? NumberRange, count == other.count else { return false }
    return count == 0 || start == other.start && (count == 1 || step == other.step)
  }

  override func representation(_ interpreter: Interpreter) -> Text {
    let stop = element(count)
    return Text(step == 1 ? "range(\(start), \(stop))" : "range(\(start), \(stop), \(step))")
  }

  override func attribute(_ name: Text, _ interpreter: Interpreter) -> Value? {
    switch name {
    case "start": .integer(start)
    case "step": .integer(step)
    case "stop": .integer(element(count))
    default: nil
    }
  }
}
