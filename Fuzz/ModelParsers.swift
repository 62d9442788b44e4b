import ChatTemplates
import Formats
import Foundation
import Models
import Tensors
import Tokenization

/// Models in one file, and chat templates.
let modelParsers: [ParserCase] = [
  .file(
    "gguf", suffix: ".gguf", seeds: [("Tests/FormatsTests/Golden/every_type.gguf", "")], made: SeedModels.gguf,
    words: [
      "GGUF", "general.architecture", "general.alignment", "llama", "gemma3", "qwen3", "gpt2", ".block_count",
      ".embedding_length", ".feed_forward_length", ".attention.head_count", ".attention.head_count_kv",
      ".context_length", ".attention.layer_norm_rms_epsilon", ".rope.freq_base", ".rope.scaling.type",
      ".attention.sliding_window", ".attention.sliding_window_pattern", "tokenizer.ggml.model", "tokenizer.ggml.pre",
      "tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type", "tokenizer.ggml.merges",
      "tokenizer.chat_template", "split.count", "token_embd.weight", "output.weight", "blk.0.attn_q.weight",
    ]
  ) { path in
    let file = try GGUFFile(path)
    for tensor in file.tensors.values {
      let bytes = file.bytes(of: tensor)
      guard bytes.count == tensor.range.count else { throw Contradiction("a tensor has other bytes than it says") }
      guard tensor.count <= 1 << 20 else { continue }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: tensor.count) {
        tensor.type.decode(bytes, into: $0)
      }
    }
    try every(
      { _ = try ModelChatTemplates.found(in: path) },
      {
        let tokenizer = try Tokenizer(gguf: file)
        _ = tokenizer.decode(tokenizer.encode(sampleText))
      },
      {
        let stored = try StoredModel(path)
        try stored.checkWeights()
        for parameter in stored.configuration.declarations() where parameter.count <= 1 << 20 {
          try withUnsafeTemporaryAllocation(of: Float.self, capacity: parameter.count) {
            try stored.weights.read(parameter.name, into: $0)
          }
        }
      })
  },
  ParserCase(
    name: "template", seeds: [("Tests/ChatTemplatesTests/Golden", ".jinja")], made: SeedTemplates.made,
    words: [
      "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "for ", "endfor", " in ", "if ", "elif ", "else", "endif",
      "set ",
      "endset", "macro ", "endmacro", "call ", "endcall", "filter ", "endfilter", "generation", "endgeneration",
      "break",
      "continue", "messages", "message['content']", "tools", "loop.index0", "loop.previtem", "namespace(", "range(",
      "cycler(", "joiner(", "dict(", "raise_exception(", "strftime_now(", "|tojson", "|trim", "|length", "|join(",
      "|replace(", "|selectattr(", "|map(", "|groupby(", "|sort", "|batch(", "|slice(", "|indent(", "|format(",
      "|int", "|float", "|round", ".split(", ".format(", ".strip(", ".items()", ".startswith(", " is defined",
      " is string", " recursive", " ~ ", "**", "//", "not ", "and ", "or ", "%s", "{:>10}",
    ]
  ) { bytes in
    guard let source = String(validating: bytes, as: UTF8.self) else { return }
    let limits = ChatTemplateLimits(steps: 200_000, textBytes: 1 << 20, callDepth: 200)
    let template = try ChatTemplate(source: source, name: "input", limits: limits)
    let rendered = try template.render(
      messages: SeedTemplates.messages, tools: SeedTemplates.tools, addGenerationPrompt: true,
      variables: SeedTemplates.variables, now: Date(timeIntervalSince1970: 1e9))
    guard rendered.text.utf8.count <= limits.textBytes else { throw Contradiction("a text is longer than its limit") }
    let size = rendered.text.utf8.count
    guard rendered.generations.allSatisfy({ $0.bytes.upperBound <= size }) else {
      throw Contradiction("a generation ends after the text")
    }
  },
]

/// Runs all parts of a parser, though one refuses, and throws the first refusal; a contradiction at once.
func every(_ parts: (() throws -> Void)...) throws {
  var refusal: (any Error)?
  for part in parts {
    do {
      try part()
    } catch let contradiction as Contradiction {
      throw contradiction
    } catch {
      refusal = refusal ?? error
    }
  }
  if let refusal { throw refusal }
}

/// What tokenizers encode.
let sampleText = "The swift's größe, 12345 語🙂\n\n  end\u{0}"

/// Models of a few kilobytes.
private enum SeedModels {
  /// A model of each family in GGUF, with each kind of tokenizer.
  @Sendable static func gguf() throws -> [[UInt8]] {
    let names = ["llama_gqa", "llama3_rope", "gemma3", "qwen3", "gpt2", "olmo2", "smollm3_nope"]
    let golden = "Tests/TokenizationTests/Golden"
    let tokenizers = [
      try Tokenizer(directory: "\(golden)/gpt2.json"), try Tokenizer(directory: "\(golden)/sentencepiece/bpe.model"),
      try Tokenizer(directory: "\(golden)/sentencepiece/suffix.model"),
    ]
    let path = "/dev/shm/apus-fuzz-\(getpid()).gguf"
    defer { try? Paths.remove(path) }
    return try names.enumerated().map { number, name in
      var json = try JSON.parse(contentsOfFile: "Tests/ModelsTests/Golden/\(name)/config.json")
      let tokenizer = tokenizers[number % tokenizers.count]
      json["vocab_size"] = .integer(Int64(tokenizer.vocabularySize))
      var configuration = try ModelConfiguration(huggingFace: json, file: name)
      if name == "gemma3" { configuration.attentionScalar = configuration.headDimension }
      if name == "smollm3_nope" { configuration.noRopeInterval = 4 }
      let metadata = try? tokenizer.ggufMetadata(vocabularySize: tokenizer.vocabularySize, name: name)
      let export = try GGUFExport(configuration, as: .q8_0, name: name, tokenizer: metadata ?? [:])
      try export.write(from: Zeros(configuration), to: path)
      // The data section is zeros, and the fuzzer takes no more than 64 KiB of all.
      return Array(try MappedFile(path).withBytes { Array($0) }.prefix(1 << 16))
    }
  }

  /// Weights that are all 0.
  private struct Zeros: WeightSource {
    let path = "zeros"
    let shapes: [String: [Int]]

    init(_ configuration: ModelConfiguration) {
      shapes = .init(uniqueKeysWithValues: configuration.declarations().map { ($0.name, $0.shape) })
    }

    func shape(of name: String) -> [Int]? { shapes[name] }
    func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) { values.update(repeating: 0) }
    func rows(of name: String) -> StoredRows { StoredRows { $1.update(repeating: 0) } }
  }
}

/// What templates are tried with.
private enum SeedTemplates {
  private static let golden = try? JSON.parse(contentsOfFile: "Tests/ChatTemplatesTests/Golden/snippets.json")

  /// Every template of the golden renderings.
  @Sendable static func made() -> [[UInt8]] {
    (golden?["cases"]?.arrayValue ?? []).compactMap { $0["template"]?.stringValue }.map { Array($0.utf8) }
  }

  /// What the golden renderings read.
  static let variables: [String: JSON] = {
    var variables = ["bos_token": "<s>", "enable_thinking": false] as [String: JSON]
    for (name, value) in golden?["context"]?["variables"]?.objectValue ?? [:] { variables[name] = value }
    return variables
  }()
  static let messages: JSON = [
    ["role": "system", "content": "Be kind."], ["role": "user", "content": "Grüße 👩‍👩‍👧 <b>"],
    [
      "role": "assistant", "content": "<think>\nhm\n</think>\nB", "thinking": "x\ny",
      "tool_calls": [
        ["type": "function", "function": ["name": "weather", "arguments": ["days": 1.5, "n": [1, true]]]]
      ],
    ],
    ["role": "tool", "content": "sunny", "name": "weather"],
    ["role": "user", "content": [["type": "text", "text": "A"]]],
  ]
  static let tools: JSON = [
    [
      "type": "function",
      "function": ["name": "weather", "parameters": ["type": "object", "properties": ["days": ["type": "number"]]]],
    ]
  ]
}
