import Corpora
import Formats
import Models
import Tokenization
import Training

/// Every parser of bytes from outside. A new one takes a few lines here.
let parsers: [ParserCase] = [
  .file("parquet", seeds: [("Tests/FormatsTests/Golden/parquet", ".parquet")]) { path in
    let file = try ParquetFile(path)
    let rows = try file.rows()
    // Nulls are written so densely that a few bytes hold more rows than anyone could wait for.
    let clock = ContinuousClock()
    let end = clock.now + .seconds(2)
    for _ in 0..<20_000 where clock.now < end { if try rows.next() == nil { break } }
  },
  .file("safetensors", seeds: [("Tests/FormatsTests/Golden/small.safetensors", "")]) { path in
    let file = try Safetensors(path)
    var sum = 0
    for entry in file.entries.values { sum = file.bytes(of: entry).reduce(sum) { $0 &+ Int($1) } }
  },
  .file("gzip", seeds: [("Tests/FormatsTests/Golden/two-members.gz", "")]) { path in
    let reader = try GzipReader(path)
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { piece in
      // A few bytes may become gigabytes, which a reader takes piece by piece.
      for _ in 0..<256 where try reader.read(into: piece) == 0 { break }
    }
  },
  ParserCase(
    name: "json", seeds: [("Tests/ModelsTests/Golden/llama_gqa", ".json")],
    texts: [#"{"a":[1,-2.5e3,true,null,"\ud83d\ude00\n"],"é":{}}"#]
  ) { bytes in
    let value = try JSON.parse(bytes, name: "input")
    let again = try JSON.parse(value.serialized(), name: "output")
    guard again == value else { throw Contradiction("JSON that is written does not read back as it was") }
  },
  ParserCase(
    name: "jsonl", seeds: [("Tests/CorporaTests/Golden/documents.jsonl", "")],
    texts: [#"{"a":[{"text":1}],"te\u0078t":"x\ud800"}"#]
  ) { bytes in
    let lines = JSONLines(name: "input", key: "text")
    let field = try lines.field(ofLine: bytes, number: 1)
    let text = String(validating: field, as: UTF8.self)
    guard text != nil else { throw Contradiction("a field of JSON lines is not UTF-8") }
    guard let other = try JSON.parse(bytes, name: "input")["text"]?.stringValue else {
      throw Contradiction("a field of JSON lines is none of the object")
    }
    guard other.utf8.elementsEqual(field) else {
      throw Contradiction("a field of JSON lines differs from the object's")
    }
  },
  ParserCase(name: "tokenizer", seeds: [("Tests/TokenizationTests/Golden", ".json")]) { bytes in
    let tokenizer = try Tokenizer(json: bytes)
    let text = "The swift's größe, 12345 語🙂\n\n  end\u{0}"
    _ = tokenizer.decode(tokenizer.encode(text))
  },
  ParserCase(name: "ranks", seeds: [("Tests/TokenizationTests/Golden/ranks.model", "")]) { bytes in
    let tokenizer = try Tokenizer(ranks: bytes, name: "input")
    _ = tokenizer.encode("The swift's größe, 12345 語🙂\n\n  end\u{0}")
  },
  ParserCase(name: "config", seeds: [("Tests/ModelsTests/Golden", "config.json")]) { bytes in
    let configuration = try ModelConfiguration(huggingFace: JSON.parse(bytes, name: "input"), file: "input")
    _ = configuration.parameterCounts
  },
  ParserCase(
    name: "run",
    texts: [
      """
      general: {run: small, seed: 7}
      data_stages:
      - data: {dataset: {dataset_folder: [data]}}
      model:
        model_config: {hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4,
          num_key_value_heads: 2, vocab_size: 300, tie_word_embeddings: true, _use_doc_masking: true}
      optimizer: {learning_rate_scheduler: {learning_rate: 1.0e-2, lr_warmup_steps: 3, lr_warmup_style: linear}}
      parallelism: {dp: 1, tp: 1, pp: 1}
      tokens: {sequence_length: 24, train_steps: 12, micro_batch_size: 4, batch_accumulation_per_replica: 2}
      checkpoints: {checkpoint_interval: 4}
      apus: {run_folder: run, keep_checkpoints: null, validation: {interval: 6, batches: 2}}
      """
    ]
  ) { bytes in
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    _ = try RunConfiguration.parse(yaml: text, file: "input.yaml")
  },
]

/// What may never be, whatever the input: it ends the process, unlike the errors that a parser throws.
struct Contradiction: Error {
  let sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}
