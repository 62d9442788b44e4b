import Formats

extension PreTokenizer {
  /// The expression of each pattern as files write it.
  private static let expressions: [(Pattern, String)] = [
    (.gpt2, GPT2Pattern.expression), (.llama3, Llama3Pattern<DigitTriples>.expression),
    (.qwen2, Llama3Pattern<SingleDigits>.expression),
  ]

  /// Reads `pre_tokenizer`: `ByteLevel`, or a sequence of `Digits`, one `Split` and `ByteLevel`.
  init(_ value: JSON, file: String) throws(TokenizerError) {
    let steps = value["type"]?.stringValue == "Sequence" ? value["pretokenizers"]?.arrayValue ?? [] : [value]
    self.init(pattern: .none)
    var hasByteLevel = false
    for step in steps {
      let type = step["type"]?.stringValue ?? step.kind
      guard !hasByteLevel else {
        throw Self.unsupported(file, "\(type) after ByteLevel", "ByteLevel must be the last step")
      }
      switch type {
      case "Digits":
        guard digits == .none, pattern == .none else {
          throw Self.unsupported(file, "Digits in this place", "it may stand only once and first")
        }
        digits = step["individual_digits"]?.boolValue == true ? .individual : .runs
      case "Split":
        guard pattern == .none else { throw Self.unsupported(file, "a second pattern", "there may be only one") }
        pattern = try Self.pattern(step, file: file)
      case "ByteLevel":
        if step["add_prefix_space"]?.boolValue == true {
          throw Self.unsupported(file, "add_prefix_space: true", "it must be false so that decoding restores the text")
        }
        hasByteLevel = true
        if step["use_regex"]?.boolValue ?? true {
          guard pattern == .none else { throw Self.unsupported(file, "a second pattern", "there may be only one") }
          pattern = .gpt2
        }
      default:
        throw Self.unsupported(file, "the step \(type)", "it must be ByteLevel, Digits, Split or a Sequence of these")
      }
    }
    guard hasByteLevel else {
      throw Self.unsupported(file, "a vocabulary that is not byte-level", "its last step must be ByteLevel")
    }
  }

  private static func unsupported(_ file: String, _ what: String, _ right: String) -> TokenizerError {
    TokenizerError(file, "pre_tokenizer has \(what), which is not supported: \(right)")
  }

  private static func pattern(_ step: JSON, file: String) throws(TokenizerError) -> Pattern {
    guard let expression = step["pattern"]?["Regex"]?.stringValue else {
      throw unsupported(file, "a Split without a regular expression", "its pattern must be {\"Regex\": \"…\"}")
    }
    // As the expressions match all of a text, keeping matches and isolating them is the same.
    let behavior = step["behavior"]?.stringValue ?? "null"
    let inverts = step["invert"]?.boolValue ?? false
    guard behavior == "Isolated" || (behavior == "Removed" && inverts) else {
      throw unsupported(file, "a Split with the behavior \(behavior)", "it must be Isolated")
    }
    for (pattern, known) in expressions where known == expression { return pattern }
    throw unsupported(
      file, "the expression \(expression)", "it must be that of GPT-2, Llama 3 or Qwen2")
  }

  /// `pre_tokenizer` as files write it.
  var json: JSON {
    var steps: [JSON] = []
    if digits != .none {
      steps.append(.object(["type": "Digits", "individual_digits": .bool(digits == .individual)]))
    }
    if pattern != .gpt2, let expression = Self.expressions.first(where: { $0.0 == pattern })?.1 {
      steps.append(
        .object([
          "type": "Split", "pattern": .object(["Regex": .string(expression)]), "behavior": "Isolated",
          "invert": false,
        ]))
    }
    steps.append(TokenizerMetadata.byteLevel(useRegex: pattern == .gpt2))
    return steps.count == 1 ? steps[0] : .object(["type": "Sequence", "pretokenizers": .array(steps)])
  }
}
