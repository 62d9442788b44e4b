public import Formats
public import Foundation
import OrderedCollections

/// A chat template: text in the language Jinja that turns a conversation into the text a model reads.
///
/// It renders what `apply_chat_template` of Hugging Face's transformers 5 renders, byte for byte, by the rules of its
/// sandbox: nothing outside of the conversation can be reached, and nothing in it changed.
public struct ChatTemplate: Sendable {
  /// The template's text.
  public let source: String
  /// The template's file, or what else messages call it.
  public let name: String
  /// What a rendering may cost.
  public var limits: ChatTemplateLimits
  /// Whether the template marks what the assistant writes, with `{% generation %}`.
  public let marksGenerations: Bool

  private let statements: [Statement]
  private let names: [Text]

  /// Reads a template.
  /// - Throws: `ChatTemplateError` with the line where it is not the language.
  public init(source: String, name: String = "chat template", limits: ChatTemplateLimits = ChatTemplateLimits()) throws
  {
    (self.source, self.name, self.limits) = (source, name, limits)
    do {
      var parser = try Parser(source: source)
      statements = try parser.parse()
      names = parser.names
      marksGenerations = parser.hasGeneration
    } catch let failure as TemplateFailure {
      throw ChatTemplateError(failure, name: name, line: nil)
    }
  }

  /// Renders a conversation.
  ///
  /// As transformers does, keys of messages whose value is null are dropped, and a message with one of
  /// `reasoning_content`, `thinking` and `reasoning` is given the first two. An empty conversation, which transformers
  /// refuses, is the template's to judge.
  /// - Parameters:
  ///   - messages: an array of objects, each usually with `role` and `content`.
  ///   - tools: the JSON schemas of tools; the template sees none without them.
  ///   - documents: what retrieval found, objects with `title` and `text`.
  ///   - addGenerationPrompt: whether the text ends where the assistant's next turn begins.
  ///   - variables: whatever else the template reads: special tokens such as `bos_token`, `enable_thinking`, and so on.
  ///   - now: what `strftime_now` tells, in the local time zone.
  /// - Throws: `ChatTemplateError` when the template refuses the conversation or cannot go on.
  public func render(
    messages: JSON, tools: JSON? = nil, documents: JSON? = nil, addGenerationPrompt: Bool = false,
    variables: [String: JSON] = [:], now: Date = Date()
  ) throws -> RenderedChat {
    var context = try conversation(messages)
    context["tools"] = try objects(tools, "tools")
    context["documents"] = try objects(documents, "documents")
    context["add_generation_prompt"] = .bool(addGenerationPrompt)
    for (name, value) in variables {
      guard context[Text(name)] == nil else {
        throw inputError("the variable '\(name)' is the template's own and cannot be set")
      }
      context[Text(name)] = Value(value)
    }
    let interpreter = Interpreter(
      names: names, globals: names.map { context[$0] ?? Globals.value($0) }, limits: limits, now: TemplateDate(now))
    do {
      try interpreter.run(statements)
    } catch let failure as TemplateFailure {
      throw ChatTemplateError(failure, name: name, line: interpreter.line)
    }
    return RenderedChat(interpreter)
  }

  private func inputError(_ problem: String) -> ChatTemplateError {
    ChatTemplateError(kind: .input, name: name, line: nil, problem: problem)
  }

  private func conversation(_ messages: JSON) throws -> [Text: Value] {
    guard case .array(let elements) = messages else {
      throw inputError("a conversation is an array of messages, not \(messages.kind)")
    }
    var values: [Value] = []
    for (index, element) in elements.enumerated() {
      guard case .object(let message) = element else {
        throw inputError("message \(index + 1) of a conversation is an object, not \(element.kind)")
      }
      values.append(Value(.object(ChatTemplate.normalized(message))))
    }
    return ["messages": .list(Items(values))]
  }

  private func objects(_ value: JSON?, _ name: String) throws -> Value {
    guard let value, !value.isNull else { return .none }
    guard case .array(let elements) = value else { throw inputError("'\(name)' is an array, not \(value.kind)") }
    for (index, element) in elements.enumerated() where element.objectValue == nil {
      throw inputError("element \(index + 1) of '\(name)' is an object, not \(element.kind)")
    }
    return Value(value)
  }

  /// A message without its nulls, its reasoning under the names that templates read, where transformers puts them.
  private static func normalized(_ message: OrderedDictionary<String, JSON>) -> OrderedDictionary<String, JSON> {
    let message = message.filter { !$0.value.isNull }
    let reasoning = ["reasoning_content", "thinking", "reasoning"].lazy.compactMap { message[$0] }.first
    guard let reasoning else { return message }
    var named: OrderedDictionary<String, JSON> = ["thinking": reasoning]
    for (key, value) in message { named[key] = value }
    named["reasoning_content"] = reasoning
    return named
  }
}

extension Value {
  /// A value of JSON as the template sees it.
  init(_ json: JSON) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(Int(value))
    case .number(let value): self = .float(value)
    case .string(let value): self = .string(Text(value))
    case .array(let elements): self = .list(Items(elements.map(Value.init)))
    case .object(let members):
      var entries = OrderedDictionary<Value, Value>(minimumCapacity: members.count)
      for (key, value) in members { entries[.string(Text(key))] = Value(value) }
      self = .dictionary(Members(entries))
    }
  }
}
