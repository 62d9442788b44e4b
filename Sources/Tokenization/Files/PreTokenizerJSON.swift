import Formats

extension PreTokenizer {
  /// The expression of each pattern as files write it.
  private static let expressions: [(Pattern, String)] = [
    (.gpt2, GPT2Pattern.expression), (.llama3, Llama3Pattern<DigitTriples>.expression),
    (.qwen2, Llama3Pattern<SingleDigits>.expression), (.qwen35, Qwen35Pattern.expression),
    (.o200k, O200kPattern<O200kWords>.expression), (.tekken, O200kPattern<TekkenWords>.expression),
  ]

  /// Reads `pre_tokenizer` if a scanner can do what it says: `ByteLevel` without a prefix, or a sequence of `Digits`,
  /// one `Split` with a known expression, and `ByteLevel`. Nil for anything else, which is not to say that it is wrong.
  init?(_ value: JSON) {
    let steps = value["type"]?.stringValue == "Sequence" ? value["pretokenizers"]?.arrayValue ?? [] : [value]
    self.init(pattern: .none)
    var hasByteLevel = false
    for step in steps {
      guard !hasByteLevel else { return nil }
      switch step["type"]?.stringValue {
      case "Digits":
        guard digits == .none, pattern == .none else { return nil }
        digits = step["individual_digits"]?.boolValue == true ? .individual : .runs
      case "Split":
        guard pattern == .none, let known = Self.pattern(step) else { return nil }
        pattern = known
      case "ByteLevel":
        guard step["add_prefix_space"]?.boolValue == false else { return nil }
        hasByteLevel = true
        if step["use_regex"]?.boolValue ?? true {
          guard pattern == .none else { return nil }
          pattern = .gpt2
        }
      default: return nil
      }
    }
    if !hasByteLevel { return nil }
  }

  private static func pattern(_ step: JSON) -> Pattern? {
    guard let expression = step["pattern"]?["Regex"]?.stringValue else { return nil }
    // As the expressions match all of a text, keeping matches and isolating them is the same.
    let behavior = step["behavior"]?.stringValue ?? "null"
    let inverts = step["invert"]?.boolValue ?? false
    guard behavior == "Isolated" || (behavior == "Removed" && inverts) else { return nil }
    return expressions.first { $0.1 == expression }?.0
  }

  /// `pre_tokenizer` as files write it.
  var json: JSON {
    var steps: [JSON] = []
    if digits != .none {
      steps.append(.object(["type": "Digits", "individual_digits": .bool(digits == .individual)]))
    }
    if pattern != .gpt2, let expression = Self.expressions.first(where: { $0.0 == pattern })?.1 {
      steps.append(Self.split(expression))
    }
    steps.append(TokenizerMetadata.byteLevel(useRegex: pattern == .gpt2))
    return steps.count == 1 ? steps[0] : .object(["type": "Sequence", "pretokenizers": .array(steps)])
  }

  private static func split(_ expression: String) -> JSON {
    ["type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated", "invert": false]
  }

  /// `pre_tokenizer` of one expression over bytes.
  static func json(expression: String) -> JSON { json(expressions: [expression]) }

  /// `pre_tokenizer` of several expressions over bytes, one after another.
  static func json(expressions: [String]) -> JSON {
    .object([
      "type": "Sequence",
      "pretokenizers": .array(expressions.map(split) + [TokenizerMetadata.byteLevel(useRegex: false)]),
    ])
  }
}
