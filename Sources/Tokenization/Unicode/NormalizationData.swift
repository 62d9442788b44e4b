/// What the normalization forms need to know of each scalar, unpacked at first use.
struct NormalizationData: @unchecked Sendable {
  static let shared = NormalizationData()

  /// A bit for each form: the scalar may change, move, or join the one before it.
  let activeForms: UnsafePointer<UInt8>
  /// Canonical combining classes.
  let combiningClasses: UnsafePointer<UInt8>
  /// Place of the full decomposition in `decompositions`, 0 for none.
  private let canonical: UnsafePointer<UInt16>
  private let compatible: UnsafePointer<UInt16>
  private let decompositions: [[UInt32]]
  private let composites: [UInt64: UInt32]

  /// Hangul syllables are put together by arithmetic (Unicode 16.0, section 3.12).
  enum Hangul {
    static let syllables: UInt32 = 0xac00
    static let leading: UInt32 = 0x1100
    static let vowels: UInt32 = 0x1161
    static let trailing: UInt32 = 0x11a7
    static let vowelCount: UInt32 = 21
    static let trailingCount: UInt32 = 28
    static let leadingCount: UInt32 = 19
    static let count = leadingCount * vowelCount * trailingCount
  }

  private init() {
    let active = PackedNumbers.zeroed(UInt8.self)
    let canonical = PackedNumbers.zeroed(UInt16.self)
    let compatible = PackedNumbers.zeroed(UInt16.self)
    var decompositions: [[UInt32]] = [[]]
    let composed = NormalizationForm.nfc.bit | NormalizationForm.nfkc.bit
    let all = composed | NormalizationForm.nfd.bit | NormalizationForm.nfkd.bit
    let compatibility = NormalizationForm.nfkc.bit | NormalizationForm.nfkd.bit
    let classes = PackedNumbers.table(ofRuns: NormalizationTables.combiningClasses)
    for scalar in 0..<0x110000 where classes[scalar] != 0 { active[scalar] = all }
    PackedNumbers.forEachMapping(NormalizationTables.canonical) { scalar, parts in
      canonical[Int(scalar)] = UInt16(decompositions.count)
      decompositions.append(parts)
      active[Int(scalar)] = all
    }
    PackedNumbers.forEachMapping(NormalizationTables.compatible) { scalar, parts in
      compatible[Int(scalar)] = UInt16(decompositions.count)
      decompositions.append(parts)
      active[Int(scalar)] |= compatibility
    }
    var composites: [UInt64: UInt32] = [:]
    PackedNumbers.forEachMapping(NormalizationTables.composites) { scalar, parts in
      guard parts.count == 2 else { return }
      composites[UInt64(parts[0]) << 32 | UInt64(parts[1])] = scalar
      active[Int(parts[1])] |= composed
      // What is put together again stays as it is, so it needs no look unless something else applies to it.
      if classes[Int(scalar)] == 0 {
        active[Int(scalar)] &= ~NormalizationForm.nfc.bit
        if compatible[Int(scalar)] == 0 { active[Int(scalar)] &= ~NormalizationForm.nfkc.bit }
      }
    }
    for key in composites.keys { active[Int(key & 0xffff_ffff)] |= composed }
    for syllable in Hangul.syllables..<Hangul.syllables + Hangul.count {
      active[Int(syllable)] = NormalizationForm.nfd.bit | NormalizationForm.nfkd.bit
    }
    for jamo in Hangul.vowels..<Hangul.vowels + Hangul.vowelCount { active[Int(jamo)] |= composed }
    for jamo in Hangul.trailing + 1..<Hangul.trailing + Hangul.trailingCount { active[Int(jamo)] |= composed }
    activeForms = UnsafePointer(active)
    combiningClasses = classes
    self.canonical = UnsafePointer(canonical)
    self.compatible = UnsafePointer(compatible)
    self.decompositions = decompositions
    self.composites = composites
  }

  /// Appends a scalar's full decomposition.
  func appendDecomposition(of scalar: UInt32, isCompatible: Bool, to output: inout [UInt32]) {
    let index = scalar &- Hangul.syllables
    if index < Hangul.count {
      let trailing = index % Hangul.trailingCount
      output.append(Hangul.leading + index / (Hangul.vowelCount * Hangul.trailingCount))
      output.append(Hangul.vowels + index / Hangul.trailingCount % Hangul.vowelCount)
      if trailing != 0 { output.append(Hangul.trailing + trailing) }
      return
    }
    if isCompatible, case let place = Int(compatible[Int(scalar)]), place != 0 {
      output.append(contentsOf: decompositions[place])
    } else if case let place = Int(canonical[Int(scalar)]), place != 0 {
      output.append(contentsOf: decompositions[place])
    } else {
      output.append(scalar)
    }
  }

  /// What two scalars make together.
  func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    let leading = first &- Hangul.leading
    let vowel = second &- Hangul.vowels
    if leading < Hangul.leadingCount, vowel < Hangul.vowelCount {
      return Hangul.syllables + (leading * Hangul.vowelCount + vowel) * Hangul.trailingCount
    }
    let syllable = first &- Hangul.syllables
    let trailing = second &- Hangul.trailing
    if syllable < Hangul.count, syllable % Hangul.trailingCount == 0, trailing > 0, trailing < Hangul.trailingCount {
      return first + trailing
    }
    return composites[UInt64(first) << 32 | UInt64(second)]
  }
}
