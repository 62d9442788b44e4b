import Formats
import OrderedCollections

/// A task file: one benchmark in several variants, perhaps in subsets.
///
/// Keys at the top hold for all variants, a variant's own take their place; of `few_shot` a variant names only what
/// differs. A template is Jinja over a row's columns (``PromptTemplate``); a template that is one expression gives its
/// value, others a text.
///
/// All: `dataset` (`path`, `name`, or `builtin`), `split`, `version`, `formulation`, `fields` (values computed from the
/// row), `instruction`, `delimiter`, `few_shot` (`count`, `split`, `selection`, `rows`, `separator`), `average`.
/// Choices: `prompt`, or `contexts` with `continuation`; `choices`, `answer` (a number from 0), `metrics`,
/// `length_counts_delimiter`, `pmi_context`. Free answers: `prompt`, `target`, `reference`, `max_tokens`, `stop`,
/// `samples`, `temperature`, `top_p`, `pass_at`, `majority`, `strip_reasoning`, `scorer`. Documents: `text`.
public struct TaskFile: Sendable {
  /// The benchmark's name.
  public let name: String
  /// One line about it.
  public let summary: String
  /// Names of groups that it belongs to.
  public let groups: [String]
  /// Its variants in the order of the file.
  public let variants: [String]
  /// Its subsets, empty where it is one set of questions.
  public let subsets: [String]
  /// The built-in name or the path, for messages.
  public let place: String
  private let root: TaskNode

  static let sharedKeys = [
    "average", "answer", "choices", "contexts", "continuation", "dataset", "delimiter", "fields", "few_shot",
    "formulation", "instruction", "length_counts_delimiter", "majority", "max_tokens", "metrics", "pass_at",
    "pmi_context", "prompt", "reference", "samples", "scorer", "split", "stop", "strip_reasoning", "target",
    "temperature", "text", "top_p", "version",
  ]

  /// Reads the text of a task file and checks every variant.
  /// - Throws: `EvaluationError` naming file, key and what would be right.
  public init(_ yaml: String, place: String) throws {
    self.place = place
    root = try TaskNode.parse(yaml, name: place)
    try root.allow(Self.sharedKeys + ["task", "summary", "groups", "subsets", "variants"])
    name = try root.required("task")
    summary = try root.string("summary") ?? ""
    groups = try root.strings("groups") ?? []
    subsets = try root.strings("subsets") ?? []
    guard let variants = try root.mapping("variants"), !variants.members.isEmpty else {
      throw root.problem("variants", "is missing; name at least one, such as \"lm-eval\"")
    }
    self.variants = Array(variants.members.keys)
    for variant in self.variants { _ = try tasks(variant: variant) }
  }

  /// The tasks of a variant, one for each subset.
  /// - Throws: `EvaluationError` where the file has no such variant.
  public func tasks(variant: String) throws -> [EvaluationTask] {
    guard let own = try root.mapping("variants")?.mapping(variant) else {
      throw EvaluationError(
        place, "has no variant \"\(variant)\"; it has \(variants.joined(separator: " and "))")
    }
    try own.allow(Self.sharedKeys)
    var shared = root.members
    for key in ["variants", "groups", "subsets", "summary", "task"] { shared[key] = nil }
    var node = TaskNode(place: place, members: shared).overridden(by: own)
    if let common = try root.mapping("few_shot"), let special = try own.mapping("few_shot") {
      node = node.overridden(
        by: TaskNode(place: own.place, members: ["few_shot": .object(common.overridden(by: special).members)]))
    }
    guard !subsets.isEmpty else { return [try task(node, variant: variant, subset: nil)] }
    return try subsets.map { try task(node, variant: variant, subset: $0) }
  }

  private func task(_ node: TaskNode, variant: String, subset: String?) throws -> EvaluationTask {
    guard let formulation: EvaluationTask.Formulation = try node.choice("formulation") else {
      throw node.problem("formulation", "is missing")
    }
    let delimiter = try node.string("delimiter") ?? " "
    let kind: EvaluationTask.Kind
    switch formulation {
    case .cloze, .letters, .hybrid: kind = .choices(try choicePrompt(node))
    case .generation: kind = .generation(try generationPrompt(node))
    case .perplexity: kind = .perplexity(try rule("text", node))
    }
    var fields: [(name: String, rule: TextRule)] = []
    if let own = try node.mapping("fields") {
      for (key, value) in own.members {
        fields.append((key, try TextRule(value, place: "\(own.place), \(key)")))
      }
    }
    if let subset {
      let name = PromptTemplate(constant: .string(subset), place: place)
      fields.insert(("subset", TextRule(template: name, replacements: [])), at: 0)
    }
    let configuration = JSON.object(node.members)
    return EvaluationTask(
      name: subset.map { "\(name)_\($0)" } ?? name, family: subset == nil ? nil : name, variant: variant,
      summary: summary, version: try node.integer("version", 0...1_000_000) ?? 0, formulation: formulation,
      kind: kind, dataset: try DatasetReference(node, subset: subset), splits: try node.strings("split") ?? ["test"],
      fewShot: try fewShot(node),
      instruction: try node.string("instruction").map { $0.replacing("{subset}", with: Self.spoken(subset)) } ?? "",
      delimiter: delimiter, fields: fields, average: try node.choice("average") ?? .tasks,
      configuration: configuration,
      hash: TextDigest.hex("\(name)\n\(subset ?? "")\n\(variant)\n\(configuration.serializedString())"))
  }

  /// A subset's name as it is read out.
  private static func spoken(_ subset: String?) -> String {
    (subset ?? "").replacing("_", with: " ")
  }

  private func rule(_ key: String, _ node: TaskNode) throws -> TextRule {
    guard let value = node.value(key) else { throw node.problem(key, "is missing") }
    return try TextRule(value, place: "\(node.place), \(key)")
  }

  private func list(_ key: String, _ node: TaskNode) throws -> ListRule {
    guard let value = node.value(key) else { throw node.problem(key, "is missing") }
    return try ListRule(value, place: "\(node.place), \(key)")
  }

  private func choicePrompt(_ node: TaskNode) throws -> ChoicePrompt {
    let hasContexts = node.value("contexts") != nil
    guard hasContexts != (node.value("prompt") != nil), hasContexts == (node.value("continuation") != nil) else {
      throw node.problem("prompt", "must stand alone, or \"contexts\" and \"continuation\" in its place")
    }
    let names = try node.strings("metrics") ?? [ChoiceMetric.accuracy.rawValue]
    let metrics = try names.map { name in
      guard let metric = ChoiceMetric(rawValue: name) else {
        let known = ChoiceMetric.allCases.map(\.rawValue).joined(separator: ", ")
        throw node.problem("metrics", "holds \"\(name)\", which is none of \(known)")
      }
      return metric
    }
    return ChoicePrompt(
      prompt: hasContexts ? nil : try rule("prompt", node), contexts: hasContexts ? try list("contexts", node) : nil,
      continuation: hasContexts ? try rule("continuation", node) : nil, choices: try list("choices", node),
      answer: try PromptTemplate(try node.required("answer"), place: "\(node.place), answer"), metrics: metrics,
      lengthCountsDelimiter: try node.bool("length_counts_delimiter") ?? false,
      pmiContext: try node.string("pmi_context") ?? "")
  }

  private func generationPrompt(_ node: TaskNode) throws -> GenerationPrompt {
    guard let scorer = try node.mapping("scorer") else {
      throw node.problem("scorer", "is missing; it says how an answer is judged")
    }
    let target = try rule("target", node)
    let samples = try node.integer("samples", 1...10_000) ?? 1
    let passAt = try (node.strings("pass_at") ?? []).map { text in
      guard let k = Int(text), (1...samples).contains(k) else {
        throw node.problem("pass_at", "holds \(text); it must be from 1 to the \(samples) samples")
      }
      return k
    }
    return GenerationPrompt(
      prompt: try rule("prompt", node), target: target,
      reference: try node.string("reference").map { try PromptTemplate($0, place: "\(node.place), reference") }
        ?? target.template,
      maxTokens: try node.integer("max_tokens", 1...1 << 20) ?? 256, stop: try node.strings("stop") ?? [],
      temperature: try node.number("temperature", 0...100) ?? 0, topP: try node.number("top_p", 0...1),
      samples: samples, passAt: passAt, majority: try node.bool("majority") ?? false,
      stripReasoning: try node.bool("strip_reasoning") ?? false, scorer: try AnswerScorers.checked(scorer))
  }

  private func fewShot(_ node: TaskNode) throws -> FewShot {
    let own = try node.mapping("few_shot") ?? TaskNode(place: node.place, members: [:])
    try own.allow(["count", "split", "selection", "separator", "rows"])
    let rows = try own.strings("rows").map { texts in
      try texts.map { text in
        guard let row = Int(text), row >= 0 else { throw own.problem("rows", "holds \(text), which is no row") }
        return row
      }
    }
    return FewShot(
      count: try own.integer("count", 0...1000) ?? 0, splits: try own.strings("split") ?? ["train"],
      selection: try own.choice("selection") ?? .random, rows: rows, separator: try own.string("separator") ?? "\n\n")
  }
}

/// Digests of texts.
enum TextDigest {
  /// SHA-256 as hexadecimal digits.
  static func hex(_ text: String) -> String {
    var digest = SHA256Digest()
    digest.update(Array(text.utf8))
    return digest.hex()
  }
}
