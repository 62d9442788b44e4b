public import Formats
public import Inference

extension PromptSuite {
  /// A model's greedy responses to requests, in their order.
  /// - Parameters:
  ///   - chat: the model's chat template; nil asks in the plain form.
  ///   - system: what it is told before every request; in the plain form it stands above.
  ///   - progress: told how many have been answered.
  /// - Throws: `ChatTemplateError` where the template refuses a request, `InferenceError` for one longer than the
  ///   context, and what `progress` throws.
  public static func responses(
    _ model: LanguageModel, rows: [JSON], chat: ChatPrompt? = nil, system: String = "", maxTokens: Int,
    progress: (_ done: Int) throws -> Void = { _ in }
  ) throws -> [String] {
    let (model, turnEnds) = chat?.endingTurns(model) ?? (model, [])
    var settings = SamplingSettings.greedy(maxTokens: maxTokens)
    settings.stopStrings = turnEnds
    let isPlain = chat == nil
    let style = PromptStyle(chat: chat?.renderer, system: isPlain && !system.isEmpty ? system + "\n\n" : system)
    let requests = try rows.map { row -> GenerationRequest in
      let question = isPlain ? plainPrompt(row) : row["prompt"]?.stringValue ?? ""
      let text = try style.text(instruction: "", examples: [], question: question, delimiter: "", separator: "\n\n")
      return GenerationRequest(LikelihoodRequest.encode(text, model: model), settings: settings)
    }
    var done = 0
    return try TextGenerator(model).generate(requests) { piece in
      guard piece.generation != nil else { return true }
      done += 1
      try progress(done)
      return true
    }.map { $0[0].text }
  }
}
