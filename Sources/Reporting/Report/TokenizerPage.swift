/// A page that compares tokenizers on texts: bars of tokens a word and of words that are cut, and a table.
public struct TokenizerPage: Sendable {
  /// One tokenizer on one text.
  public struct Result: Sendable {
    /// Tokens a word, each word by itself.
    public var fertility: Double
    /// Share of words of two tokens and more.
    public var continued: Double
    /// Tokens of the running text a word.
    public var tokensPerWord: Double
    /// Bytes of the text a token.
    public var bytesPerToken: Double

    /// Collects the figures.
    public init(fertility: Double, continued: Double, tokensPerWord: Double, bytesPerToken: Double) {
      (self.fertility, self.continued) = (fertility, continued)
      (self.tokensPerWord, self.bytesPerToken) = (tokensPerWord, bytesPerToken)
    }
  }

  /// The tokenizers with the sizes of their vocabularies.
  public var tokenizers: [(name: String, vocabulary: Int)]
  /// The texts with the numbers of their words, and one result a tokenizer.
  public var texts: [(name: String, words: Int, results: [Result])]
  /// How words were told apart.
  public var rule: String

  /// Collects what the page shows.
  public init(
    tokenizers: [(name: String, vocabulary: Int)], texts: [(name: String, words: Int, results: [Result])], rule: String
  ) {
    (self.tokenizers, self.texts, self.rule) = (tokenizers, texts, rule)
  }

  /// The page: one file, no script.
  public var html: String {
    let highest = texts.flatMap(\.results).map(\.fertility).max() ?? 1
    let fertility = chart(
      "Fertility: tokens a word, lower is better", \.fertility, maximum: max(1, highest.rounded(.up)))
    let continued = chart("Words of two tokens and more, lower is better", \.continued, maximum: nil)
    var rows = "<tr><th>Text</th><th>Tokenizer</th>"
    rows +=
      ["Fertility", "Continued", "Tokens a word in text", "Bytes a token"].map {
        "<th class=\"figure\">\($0)</th>"
      }.joined() + "</tr>\n"
    for text in texts {
      for (tokenizer, result) in zip(tokenizers, text.results) {
        let figures = [
          Quantity.number(result.fertility, digits: 3), Quantity.number(result.continued * 100, digits: 3) + " %",
          Quantity.number(result.tokensPerWord, digits: 3), Quantity.number(result.bytesPerToken, digits: 3),
        ]
        rows += "<tr><td>\(HTML.escape(text.name))</td><td>\(HTML.escape(tokenizer.name))</td>"
        rows += figures.map { "<td class=\"figure\">\($0)</td>" }.joined() + "</tr>\n"
      }
    }
    let body = """
      <h1>Tokenizers</h1>
      <p class="lead">\(HTML.escape(rule))</p>
      <div class="charts">\(fertility.html)\(continued.html)</div>
      <h2>All figures</h2>
      <div class="card"><table>\(rows)</table></div>
      """
    return HTML.page(title: "Tokenizers", body: body)
  }

  private func chart(_ title: String, _ figure: KeyPath<Result, Double>, maximum: Double?) -> BarChart {
    BarChart(
      title: title,
      groups: texts.map { text in
        let bars = zip(tokenizers, text.results).enumerated().map { index, pair in
          BarChart.Bar(
            name: "\(pair.0.name) (\(Quantity.count(pair.0.vocabulary)))", color: index % 8,
            value: pair.1[keyPath: figure])
        }
        return (name: text.name, note: Quantity.count(text.words) + " words", bars: bars)
      }, maximum: maximum)
  }
}
