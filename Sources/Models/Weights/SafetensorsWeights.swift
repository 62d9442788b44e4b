import Formats
public import Tensors

/// The weights of a Hugging Face folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
/// The files are mapped; F32, BF16 and F16 are widened as they are read, and so are experts in MXFP4.
public struct SafetensorsWeights: WeightSource {
  public let path: String
  private let files: [Safetensors]
  private let fileOf: [String: Int]
  private let names: StoredNames
  /// Those that are no tensors of their own.
  private let placed: [String: (parameter: ParameterDeclaration, place: StoredPlace)]

  /// Opens the files of a folder.
  /// - Parameter declarations: The model's parameters, the first of which every checkpoint of the family holds; by it,
  ///   what stands before the names in these files is found.
  /// - Throws: a sentence naming what is missing or damaged.
  public init(directory: String, declarations: [ParameterDeclaration]) throws {
    path = directory
    files = try SafetensorsWeights.shardPaths(directory).map(Safetensors.init)
    var fileOf: [String: Int] = [:]
    for (i, file) in files.enumerated() {
      for name in file.entries.keys {
        if let other = fileOf.updateValue(i, forKey: name) {
          throw SafetensorsError(
            path: file.file.path, tensor: name, problem: "stands in \(files[other].file.path) too")
        }
      }
    }
    self.fileOf = fileOf
    names = StoredNames(first: declarations.first?.name ?? "") { fileOf[$0] != nil }
    var placed: [String: (ParameterDeclaration, StoredPlace)] = [:]
    for parameter in declarations { placed[parameter.name] = parameter.stored.map { (parameter, $0) } }
    self.placed = placed
  }

  public func shape(of name: String) throws -> [Int]? {
    guard let (parameter, place) = placed[name] else { return entry(of: name)?.entry.shape }
    if let packed = mxfp4(name) {
      try packed.check(shape: place.shape)
      return parameter.shape
    }
    let entry = try readable(name).entry
    guard entry.shape == place.shape else {
      throw WeightError(
        path: path, tensor: entry.name,
        problem: "has shape \(entry.shape), but this configuration needs \(place.shape)")
    }
    return parameter.shape
  }

  public func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    if let parameter = placed[name]?.parameter {
      return try rows(of: name).read(0..<(parameter.shape.first ?? 0), into: values)
    }
    let (file, entry, type) = try readable(name)
    withExtendedLifetime(file.file) { type.decode(file.bytes(of: entry), into: values) }
  }

  public func rows(of name: String) throws -> StoredRows {
    if let place = placed[name]?.place, let packed = mxfp4(name) { return packed.rows(at: place) }
    let (file, entry, type) = try readable(name)
    let matrix = StoredMatrix(
      file: file.file, bytes: file.bytes(of: entry), type: type, columns: entry.shape.last ?? 1)
    return placed[name].map { matrix.part(of: $0.parameter, at: $0.place) } ?? matrix.rows
  }

  private func readable(_ name: String) throws -> (file: Safetensors, entry: Safetensors.Entry, type: GGUFTensorType) {
    guard let (file, entry) = entry(of: name) else {
      throw WeightError(path: path, tensor: placed[name]?.place.tensor ?? name, problem: "is missing")
    }
    switch entry.element {
    case .float32: return (file, entry, .float32)
    case .bfloat16: return (file, entry, .bfloat16)
    case .float16: return (file, entry, .float16)
    default:
      throw SafetensorsError(
        path: file.file.path, tensor: name, problem: "is \(entry.element.rawValue), but weights are F32, BF16 or F16")
    }
  }

  /// What a parameter is a part of, where that is packed.
  private func mxfp4(_ name: String) -> MXFP4Tensor? {
    guard let tensor = placed[name]?.place.tensor, let blocks = entry(stored: tensor + "_blocks"),
      let scales = entry(stored: tensor + "_scales")
    else { return nil }
    return MXFP4Tensor(
      blocks: .init(file: blocks.file, entry: blocks.entry), scales: .init(file: scales.file, entry: scales.entry))
  }

  private func entry(of name: String) -> (file: Safetensors, entry: Safetensors.Entry)? {
    entry(stored: placed[name]?.place.tensor ?? name)
  }

  private func entry(stored name: String) -> (file: Safetensors, entry: Safetensors.Entry)? {
    let stored = names(name)
    guard let file = fileOf[stored].map({ files[$0] }), let entry = file.entries[stored] else { return nil }
    return (file, entry)
  }

  private static func shardPaths(_ directory: String) throws -> [String] {
    let index = directory.appendingPath("model.safetensors.index.json")
    guard Paths.exists(index) else { return [directory.appendingPath("model.safetensors")] }
    guard case .object(let map)? = try JSON.parse(contentsOfFile: index)["weight_map"] else {
      throw FileError(path: index, problem: "has no weight_map that names the shard of each tensor")
    }
    let names = Set(map.values.compactMap { $0.stringValue })
    guard !names.isEmpty, names.allSatisfy({ !$0.contains("/") }) else {
      throw FileError(path: index, problem: "has a weight_map that does not name files of its own folder")
    }
    return names.sorted().map { directory.appendingPath($0) }
  }
}
