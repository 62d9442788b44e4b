import Foundation

/// A general category of the Unicode standard, in the order of the property table.
public enum GeneralCategory: UInt8, CaseIterable, Sendable {
  case uppercaseLetter, lowercaseLetter, titlecaseLetter, modifierLetter, otherLetter
  case nonspacingMark, spacingMark, enclosingMark
  case decimalNumber, letterNumber, otherNumber
  case connectorPunctuation, dashPunctuation, openPunctuation, closePunctuation
  case initialPunctuation, finalPunctuation, otherPunctuation
  case mathSymbol, currencySymbol, modifierSymbol, otherSymbol
  case spaceSeparator, lineSeparator, paragraphSeparator
  case control, format, unassigned, privateUse, surrogate
}

/// What the pre-tokenizers know of one Unicode scalar: one byte.
///
/// The categories are those of Unicode 16.0, the edition that the regex engines of both `tokenizers` 0.23.3 and
/// `tiktoken` 0.14.0 hold; `scripts/unicode/generate_scalar_properties.py` says how this was found.
public struct ScalarProperties: Equatable, Sendable {
  /// Category in the low five bits; flags white space 0x20, numeric 0x40, word 0x80.
  public let rawValue: UInt8

  @inline(__always)
  init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The properties of a scalar.
  public init(_ scalar: Unicode.Scalar) {
    rawValue = Self.table[Int(scalar.value)]
  }

  /// A byte that belongs to no well-formed UTF-8 sequence: neither letter nor number nor white space.
  static let illFormed = ScalarProperties(rawValue: GeneralCategory.unassigned.rawValue)

  /// The general category.
  public var category: GeneralCategory { GeneralCategory(rawValue: rawValue & 0x1f) ?? .unassigned }

  /// `\p{L}`
  @inline(__always)
  public var isLetter: Bool { rawValue & 0x1f <= GeneralCategory.otherLetter.rawValue }

  /// `\p{M}`
  public var isMark: Bool {
    category.rawValue >= GeneralCategory.nonspacingMark.rawValue
      && category.rawValue <= GeneralCategory.enclosingMark.rawValue
  }

  /// `\p{N}`
  @inline(__always)
  public var isNumber: Bool {
    (rawValue & 0x1f) &- GeneralCategory.decimalNumber.rawValue
      <= GeneralCategory.otherNumber.rawValue - GeneralCategory.decimalNumber.rawValue
  }

  /// `\s`: the property White_Space.
  @inline(__always)
  public var isWhitespace: Bool { rawValue & 0x20 != 0 }

  /// `[^\s\p{L}\p{N}]`
  @inline(__always)
  var isOther: Bool { !isLetter && !isNumber && !isWhitespace }

  /// What the pre-tokenizer `Digits` splits at: `\p{N}` of Unicode 17.0.
  @inline(__always)
  public var isNumeric: Bool { rawValue & 0x40 != 0 }

  /// `\w`
  public var isWord: Bool { rawValue & 0x80 != 0 }

  /// One byte for each of the 0x110000 code points, unpacked at first use and kept for the life of the process.
  nonisolated(unsafe) static let table: UnsafePointer<UInt8> = unpack()

  private static func unpack() -> UnsafePointer<UInt8> {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 0x110000)
    let runs = Data(base64Encoded: ScalarPropertyRuns.base64) ?? Data()
    var scalar = 0
    var length = 0
    var shift = 0
    var inLength = true
    for byte in runs {
      if inLength {
        length |= Int(byte & 0x7f) << shift
        shift += 7
        inLength = byte & 0x80 != 0
      } else {
        precondition(scalar + length <= 0x110000, "The table of scalar properties is damaged.")
        (table + scalar).initialize(repeating: byte, count: length)
        scalar += length
        length = 0
        shift = 0
        inLength = true
      }
    }
    precondition(scalar == 0x110000, "The table of scalar properties is damaged.")
    return UnsafePointer(table)
  }
}
