import OrderedCollections

/// The header of a safetensors file, read and checked.
struct SafetensorsHeader {
  var entries: OrderedDictionary<String, Safetensors.Entry> = [:]
  var metadata: OrderedDictionary<String, String> = [:]
  var dataStart = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    func refuse(_ problem: String, tensor: String? = nil) -> SafetensorsError {
      SafetensorsError(path: path, tensor: tensor, problem: problem)
    }
    guard bytes.count >= 8 else {
      throw refuse("the file has \(bytes.count) bytes, too few for the 8 bytes of a safetensors header length")
    }
    let length = UInt64(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Safetensors.headerLimit), Int(length) <= bytes.count - 8 else {
      throw refuse(
        "the header claims \(length) bytes, but the file has \(bytes.count) and the limit is \(Safetensors.headerLimit)"
      )
    }
    dataStart = 8 + Int(length)
    let dataCount = bytes.count - dataStart
    let text = UnsafeBufferPointer(rebasing: bytes[8..<dataStart])
    guard text.first == 0x7B else { throw refuse("the header does not begin with '{'") }
    let header = try SafetensorsHeader.parseUnique(text, path: path)

    for (name, value) in header {
      if name == "__metadata__" {
        guard let members = value.objectValue else { throw refuse("__metadata__ is not an object of strings") }
        for (key, text) in members {
          guard let text = text.stringValue else { throw refuse("__metadata__.\(key) is not a string") }
          metadata[key] = text
        }
        continue
      }
      entries[name] = try SafetensorsHeader.entry(name, value, path: path)
    }

    var end = 0
    for entry in entries.values.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard entry.range.lowerBound == end else {
        throw refuse(
          "begins at byte \(entry.range.lowerBound) of the data where \(end) is needed: tensors may neither overlap nor leave holes",
          tensor: entry.name)
      }
      end = entry.range.upperBound
      guard end <= dataCount else {
        throw refuse(
          "ends at byte \(end) of the data, but the file holds \(dataCount): it is cut short", tensor: entry.name)
      }
    }
    guard end == dataCount else {
      throw refuse("the tensors end at byte \(end) of the data, but the file holds \(dataCount)")
    }
  }

  private static func parseUnique(
    _ text: UnsafeBufferPointer<UInt8>, path: String
  ) throws -> OrderedDictionary<String, JSON> {
    let name = "\(path) (header)"
    var scanner = JSONScanner(text, name: name)
    let value = try scanner.takeValue(depth: 0, refusingRepeatedKeys: true)
    try scanner.finish()
    return value.objectValue ?? [:]
  }

  private static func entry(_ name: String, _ value: JSON, path: String) throws -> Safetensors.Entry {
    func refuse(_ problem: String) -> SafetensorsError {
      SafetensorsError(path: path, tensor: name, problem: problem)
    }
    guard let type = value["dtype"]?.stringValue else { throw refuse("has no dtype") }
    guard let element = TensorElement(rawValue: type) else {
      let known = TensorElement.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse("has the unknown dtype \(type); known are \(known)")
    }
    guard let sizes = value["shape"]?.arrayValue else { throw refuse("has no shape") }
    var shape: [Int] = []
    for size in sizes {
      guard case .integer(let size) = size, size >= 0 else { throw refuse("has a shape that is no list of sizes") }
      shape.append(Int(size))
    }
    guard let offsets = value["data_offsets"]?.arrayValue, offsets.count == 2, case .integer(let begin) = offsets[0],
      case .integer(let end) = offsets[1], begin >= 0, begin <= end
    else { throw refuse("has no data_offsets of the form [begin, end] with 0 ≤ begin ≤ end") }
    guard let needed = element.byteCount(shape: shape) else { throw refuse("has a shape that overflows: \(shape)") }
    guard Int(end - begin) == needed else {
      throw refuse("has \(end - begin) bytes, but \(type) of shape \(shape) takes \(needed)")
    }
    return Safetensors.Entry(name: name, element: element, shape: shape, range: Int(begin)..<Int(end))
  }
}
