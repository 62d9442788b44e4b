/// Properties that only some normalizers and pre-tokenizers ask for, unpacked at first use.
enum ScalarTables {
  /// 1 for what `Punctuation` splits at.
  nonisolated(unsafe) static let punctuation = PackedNumbers.table(ofRuns: NormalizationTables.punctuation)
  /// 1 for what `StripAccents` removes.
  nonisolated(unsafe) static let accents = PackedNumbers.table(ofRuns: NormalizationTables.accents)
  /// The number of each scalar's script.
  nonisolated(unsafe) static let scripts = PackedNumbers.table(ofRuns: ScriptTable.runs)

  /// Small letters of the scalars that have others.
  static let lowercase: [UInt32: [UInt32]] = {
    var table: [UInt32: [UInt32]] = [:]
    PackedNumbers.forEachMapping(NormalizationTables.lowercase) { table[$0] = $1 }
    return table
  }()

  /// The number of a script by its name, in the loose spelling that patterns allow.
  static func script(named name: String) -> UInt8? {
    let loose = looseName(name)
    return ScriptTable.names.firstIndex { looseName($0) == loose }.map { UInt8($0 + 1) }
  }

  /// A property's name without what does not count: case, spaces, `_` and `-`.
  static func looseName(_ name: String) -> String {
    name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
  }
}
