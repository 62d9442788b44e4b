import OrderedCollections

/// Runs a parsed template once.
final class Interpreter {
  let names: [Text]
  let globals: [Value?]
  let limits: ChatTemplateLimits
  let now: TemplateDate
  /// What the innermost macro or block has written; the whole output where there is none.
  var output: [UInt8] = []
  /// How many macros and blocks collect their output around this place.
  var captureDepth = 0
  /// The text that a filter block or block assignment has written.
  var captured = Text.empty
  var line = 1
  var callDepth = 0
  /// Expressions, blocks and calls around this place, all of which stand on the stack.
  var depth = 0
  /// The number of the name `loop`, if the template has it.
  let loopNumber: Int?
  private var remainingSteps: Int
  private(set) var generations: [Range<Int>] = []
  private(set) var unplacedGenerations = 0
  /// What may hold itself, to be taken apart at the end.
  private var namespaces: [Namespace] = []
  private var capturedScopes: [Scope] = []

  init(names: [Text], globals: [Value?], limits: ChatTemplateLimits, now: TemplateDate) {
    (self.names, self.globals, self.limits, self.now) = (names, globals, limits, now)
    remainingSteps = limits.steps
    loopNumber = names.firstIndex(of: "loop")
  }

  func run(_ statements: [Statement]) throws {
    defer { releaseCycles() }
    _ = try execute(statements, Scope(parent: nil))
  }

  // MARK: Limits

  /// Counts work.
  @inline(__always)
  func spend(_ steps: Int = 1) throws {
    remainingSteps -= steps
    if remainingSteps < 0 { throw exceeded("took more than \(limits.steps) steps; does a loop end?") }
  }

  func exceeded(_ what: String) -> TemplateFailure { TemplateFailure("the template \(what)", kind: .limit) }

  /// Counts the work of making a text, and refuses one that is too long.
  @inline(__always)
  func spend(bytes: Int) throws {
    if bytes > limits.textBytes { throw exceeded("made a text of more than \(limits.textBytes) bytes") }
    try spend(1 + bytes >> 4)
  }

  /// A text that the template made.
  func text(_ bytes: [UInt8], isMarkup: Bool = false) throws -> Value {
    try spend(bytes: bytes.count)
    return .string(Text(bytes, isMarkup: isMarkup))
  }

  func text(_ text: Text) throws -> Value {
    try spend(bytes: text.bytes.count)
    return .string(text)
  }

  func list(_ elements: [Value]) throws -> Value { .list(try items(elements)) }

  func tuple(_ elements: [Value]) throws -> Value { .tuple(try items(elements)) }

  private func items(_ elements: [Value]) throws -> Items {
    try spend(1 + elements.count)
    let items = Items(elements)
    try checkDepth(items.depth)
    return items
  }

  func dictionary(_ entries: OrderedDictionary<Value, Value>) throws -> Value {
    try spend(1 + entries.count)
    let members = Members(entries)
    try checkDepth(members.depth)
    return .dictionary(members)
  }

  func checkDepth(_ depth: Int) throws {
    if depth > ChatTemplateLimits.valueDepth {
      throw exceeded("made a value nested deeper than \(ChatTemplateLimits.valueDepth) levels")
    }
  }

  func generator(over depth: Int, _ step: @escaping () throws -> Value?) throws -> Value {
    let generator = Generator(depth: depth, step)
    try checkDepth(generator.depth)
    return .object(generator)
  }

  // MARK: Output

  func write(_ text: Text) throws {
    try spend(bytes: text.bytes.count)
    if output.count + text.bytes.count > limits.textBytes {
      throw exceeded("wrote more than \(limits.textBytes) bytes")
    }
    output.append(contentsOf: text.bytes)
  }

  /// What `body` writes, kept from the output.
  func capture(_ body: () throws -> Void) throws -> Text {
    var outer: [UInt8] = []
    swap(&output, &outer)
    captureDepth += 1
    try body()
    captureDepth -= 1
    swap(&output, &outer)
    return Text(outer)
  }

  /// Runs the body of a generation block and notes where its text stands.
  func generate(_ body: () throws -> Void) throws {
    guard captureDepth == 0 else {
      unplacedGenerations += 1
      return try body()
    }
    let start = output.count
    let text = try capture {
      let outer = unplacedGenerations
      try body()
      // What a generation block within this one writes stands in this one's span.
      unplacedGenerations = outer
    }
    try write(text)
    generations.append(start..<output.count)
  }

  // MARK: Cycles

  func register(_ namespace: Namespace) { namespaces.append(namespace) }

  /// Notes that a macro holds on to a scope and those around it.
  func keep(_ scope: Scope) {
    var next: Scope? = scope
    while let current = next, !current.isCaptured {
      current.isCaptured = true
      capturedScopes.append(current)
      next = current.parent
    }
  }

  private func releaseCycles() {
    for namespace in namespaces { namespace.release() }
    for scope in capturedScopes { scope.clear() }
  }
}
