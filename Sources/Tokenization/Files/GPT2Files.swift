import Formats

extension Tokenizer {
  /// Reads the two files of GPT-2: a vocabulary in JSON and merges in text, one a line after a first line that says so.
  init(gpt2Vocabulary path: String, merges mergesPath: String) throws {
    let vocabulary = try JSON.parse(contentsOfFile: path)
    guard let members = vocabulary.objectValue, !members.isEmpty else {
      throw TokenizerError(path, "this is \(vocabulary.kind), it must map tokens to numbers")
    }
    var texts = [ArraySlice<UInt8>](repeating: [], count: min(members.count * 2, BPETrainer.largestVocabulary))
    for (text, id) in members {
      guard let id = id.intValue, texts.indices.contains(id), texts[id].isEmpty else {
        throw TokenizerError(path, "the number of \"\(text)\" is none, or not its own")
      }
      texts[id] = Array(text.utf8)[...]
    }
    while texts.last?.isEmpty == true { texts.removeLast() }
    let lines = try MappedFile(mergesPath).withBytes { String(decoding: $0, as: UTF8.self) }
      .split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#version") }.map(String.init)
    var added: [JSON] = []
    let end = "<|endoftext|>"
    if let id = members[end]?.intValue, id >= 0 {
      added = [AddedToken(id: UInt32(id), content: end, isSpecial: true).description(withID: true)]
    }
    let source = PartsSource(
      name: path,
      rest: [
        "added_tokens": .array(added), "normalizer": .null, "pre_tokenizer": PreTokenizer.gpt2.json,
        "post_processor": TokenizerMetadata.byteLevel(useRegex: true),
        "decoder": TokenizerMetadata.byteLevel(useRegex: true), "model": ["type": "BPE"],
      ],
      texts: texts, mergeSource: .pairs(count: lines.count) { lines[$0] })
    try self.init(source)
    metadata.name(beginning: members[end]?.intValue, end: members[end]?.intValue, model)
  }
}
