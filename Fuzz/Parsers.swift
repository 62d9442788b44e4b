import Formats
import Models

/// Every parser of bytes from outside. A new one takes a few lines here.
let parsers = modelParsers + tokenizerParsers + runParsers + containerParsers

/// Containers and JSON.
private let containerParsers: [ParserCase] = [
  .file("parquet", seeds: [("Tests/FormatsTests/Golden/parquet", ".parquet")]) { path in
    let file = try ParquetFile(path)
    let rows = try file.rows()
    // Nulls are written so densely that a few bytes hold more rows than anyone could wait for.
    let end = processorSeconds() + 2
    for _ in 0..<20_000 where processorSeconds() < end { if try rows.next() == nil { break } }
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
  ParserCase(name: "compression", made: SeedContainers.pages) { bytes in
    // The kind of compression, the size that a page claims, and the page.
    guard bytes.count >= 5, let base = bytes.baseAddress else { return }
    let kind = ParquetCompression.allCases[Int(bytes[0]) % ParquetCompression.allCases.count]
    let size = Int(UnsafeRawPointer(base).loadUnaligned(fromByteOffset: 1, as: UInt32.self))
    _ = try kind.decompress(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[5...]), byteCount: size)
  },
  .folder(
    "shards", files: ["config.json", "model.safetensors.index.json", "model-00001-of-00001.safetensors"],
    texts: [
      "\u{1C}" + #"{"metadata":{},"weight_map":{"lm_head.weight":"model-00001-of-00001.safetensors"}}"# + "\u{1C}"
    ],
    made: {
      let golden = "Tests/ModelsTests/Golden/gpt2_documents"
      let config = try MappedFile(golden + "/config.json").withBytes { Array($0) }
      let model = try MappedFile(golden + "/model.safetensors").withBytes { Array($0) }
      let index: JSON = [
        "weight_map": .object(
          .init(
            uniqueKeysWithValues: try Safetensors(golden + "/model.safetensors").entries.keys.map {
              ($0, "model-00001-of-00001.safetensors")
            }))
      ]
      return [config + [ParserCase.separator] + index.serialized() + [ParserCase.separator] + model]
    }, words: ["../", "/dev/zero", "\u{1C}", "model-00001-of-00001.safetensors"]
  ) { folder in
    try StoredModel(folder).checkWeights()
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
  ParserCase(name: "config", seeds: [("Tests/ModelsTests/Golden", "config.json")]) { bytes in
    let configuration = try ModelConfiguration(huggingFace: JSON.parse(bytes, name: "input"), file: "input")
    _ = configuration.parameterCounts
  },
]

/// Containers to begin from.
private enum SeedContainers {
  /// A page in each kind of compression.
  @Sendable static func pages() throws -> [[UInt8]] {
    let text = Array(String(repeating: "The swift flies. ", count: 40).utf8) + (0...255).map { UInt8($0) }
    return try ParquetCompression.allCases.enumerated().map { number, kind in
      let size = withUnsafeBytes(of: UInt32(text.count).littleEndian) { Array($0) }
      return [UInt8(number)] + size + (try kind.compress(text))
    }
  }
}

/// What may never be, whatever the input: it ends the process, unlike the errors that a parser throws.
struct Contradiction: Error {
  let sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}
