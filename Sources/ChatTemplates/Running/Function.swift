/// A function of the sandbox, or a method with the value that it belongs to.
final class Function: RuntimeObject {
  private let name: String
  private let nesting: Int
  private let body: (Interpreter, CallArguments) throws -> Value

  init(_ name: String, depth: Int = 0, _ body: @escaping (Interpreter, CallArguments) throws -> Value) {
    (self.name, nesting, self.body) = (name, depth + 1, body)
  }

  override var typeName: String { "builtin_function_or_method" }
  override var depth: Int { nesting }
  override var isCallable: Bool { true }

  override func representation(_ interpreter: Interpreter) -> Text { Text("<function \(name)>") }

  override func call(_ arguments: CallArguments, _ interpreter: Interpreter) throws -> Value {
    try interpreter.spend()
    return try body(interpreter, arguments)
  }
}
