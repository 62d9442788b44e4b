import Formats
import Foundation

/// Files of ranks as `tiktoken` has them: a line for each token, its bytes in base64 and its rank.
enum RankFile {
  /// Whether the first line is one of such a file.
  static func looksLikeOne(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let line = bytes.prefix(200).prefix { $0 != 0x0a }
    return (try? parse(UnsafeBufferPointer(rebasing: line), line: 1, name: "")) != nil
  }

  private static func parse(
    _ line: UnsafeBufferPointer<UInt8>, line number: Int, name: String
  ) throws(TokenizerError) -> (token: Data, rank: Int) {
    let parts = line.split(separator: 0x20)
    guard parts.count == 2, let token = Data(base64Encoded: Data(parts[0])), !token.isEmpty,
      let rank = Int(String(decoding: parts[1].filter { $0 != 0x0d }, as: UTF8.self)), rank >= 0,
      rank < BPETrainer.largestVocabulary
    else {
      throw TokenizerError("\(name), line \(number)", "a line must be a token in base64, a space and its rank")
    }
    return (token, rank)
  }

  /// The tokens at their ranks.
  static func tokens(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws(TokenizerError) -> [ArraySlice<UInt8>] {
    var tokens: [ArraySlice<UInt8>] = []
    var number = 0
    var start = 0
    while start < bytes.count {
      number += 1
      var end = start
      while end < bytes.count, bytes[end] != 0x0a { end += 1 }
      if end > start {
        let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
        let (token, rank) = try parse(line, line: number, name: name)
        while tokens.count <= rank { tokens.append([]) }
        guard tokens[rank].isEmpty else {
          throw TokenizerError("\(name), line \(number)", "the rank \(rank) stands there twice, each needs its own")
        }
        tokens[rank] = ArraySlice(token)
      }
      start = end + 1
    }
    return tokens
  }

  /// All ways to put each token together from two others. Those of one token share its rank.
  static func merges(_ vocabulary: Vocabulary, count: Int) -> [MergeTable.Merge] {
    var merges: [MergeTable.Merge] = []
    merges.reserveCapacity(count * 2)
    for id in 0..<count {
      let first = merges.count
      vocabulary.withBytes(of: id) { token in
        guard let base = token.baseAddress, token.count > 1 else { return }
        for split in 1..<token.count {
          if let left = vocabulary.id(base, split), let right = vocabulary.id(base + split, token.count - split) {
            merges.append(MergeTable.Merge(left: left, right: right, rank: UInt32(id), merged: UInt32(id)))
          }
        }
      }
      merges[first...].sort { ($0.left, $0.right) < ($1.left, $1.right) }
    }
    return merges
  }
}

extension Tokenizer {
  /// Llama 3's special tokens, which follow its 128,000 ranks.
  public static let llama3SpecialTokens: [String] =
    [
      "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
      "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
      "<|eot_id|>", "<|python_tag|>", "<|image|>",
    ] + (2..<246).map { "<|reserved_special_token_\($0)|>" }

  /// Reads a file of ranks as `tiktoken` has them.
  /// - Parameters:
  ///   - bytes: The file: on each line a token in base64, a space and its rank.
  ///   - name: What to call it in errors.
  ///   - preTokenizer: How text is cut into words; the file does not say.
  ///   - specialTokens: They are numbered on after the highest rank.
  ///   - beginningOfText: Which of them begins a text.
  ///   - endOfText: Which of them ends a text.
  public init(
    ranks bytes: UnsafeBufferPointer<UInt8>, name: String, preTokenizer: PreTokenizer = .llama3,
    specialTokens: [String] = llama3SpecialTokens, beginningOfText: String? = "<|begin_of_text|>",
    endOfText: String? = "<|end_of_text|>"
  ) throws(TokenizerError) {
    let tokens = try RankFile.tokens(bytes, name: name)
    let added = specialTokens.enumerated().map { index, content in
      AddedToken(id: UInt32(tokens.count + index), content: content, isSpecial: true)
    }
    let model = TokenizerModel(
      tokens: tokens, addedTokens: added, preTokenizer: preTokenizer, ignoresMerges: true, unknownToken: nil,
      merges: { RankFile.merges($0, count: tokens.count) })
    let end = added.first { $0.content == endOfText }
    var metadata = TokenizerMetadata(trainedWithEndOfText: end?.id, added)
    if let begin = added.first(where: { $0.content == beginningOfText }) {
      metadata.beginningOfText = begin.id
      metadata.configuration["bos_token"] = .string(begin.content)
      metadata.specialTokensMap["bos_token"] = .string(begin.content)
    }
    self.init(model: model, metadata: metadata)
  }
}
