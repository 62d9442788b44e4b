extension Text {
  /// Python's `upper`.
  var uppercased: Text {
    mapped(ascii: { $0 >= 0x61 && $0 <= 0x7A ? $0 - 0x20 : $0 }) { $0.properties.uppercaseMapping }
  }

  /// Python's `lower`: also the sigma that ends a word.
  var lowercased: Text {
    guard bytes.contains(where: { $0 >= 0x80 }) else {
      return Text(bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }, isMarkup: isMarkup)
    }
    return Text.lowercased(scalars[...], isMarkup: isMarkup)
  }

  /// Python's `casefold`, for all but a few letters of Cherokee: the small form of the capital form.
  var caseFolded: Text {
    var builder = TextBuilder()
    for scalar in scalars {
      for upper in scalar.properties.uppercaseMapping.unicodeScalars {
        builder.append(upper.properties.lowercaseMapping)
      }
    }
    return Text(builder.bytes, isMarkup: isMarkup)
  }

  /// Python's `capitalize`.
  var capitalized: Text {
    let all = scalars
    guard let first = all.first else { return self }
    var builder = TextBuilder()
    builder.append(first.properties.titlecaseMapping)
    for index in all.indices.dropFirst() { builder.append(Text.lowercaseMapping(all, index)) }
    return Text(builder.bytes, isMarkup: isMarkup)
  }

  /// Python's `title`: a letter after something without case begins a word.
  var titlecased: Text {
    let all = scalars
    var builder = TextBuilder()
    var afterCased = false
    for (index, scalar) in all.enumerated() {
      builder.append(afterCased ? Text.lowercaseMapping(all, index) : scalar.properties.titlecaseMapping)
      afterCased = scalar.properties.isCased
    }
    return Text(builder.bytes, isMarkup: isMarkup)
  }

  /// Python's `swapcase`.
  var swappedCase: Text {
    let all = scalars
    var builder = TextBuilder()
    for (index, scalar) in all.enumerated() {
      if scalar.properties.isUppercase {
        builder.append(Text.lowercaseMapping(all, index))
      } else if scalar.properties.isLowercase {
        builder.append(scalar.properties.uppercaseMapping)
      } else {
        builder.append(scalar)
      }
    }
    return Text(builder.bytes, isMarkup: isMarkup)
  }

  static func lowercased(_ scalars: ArraySlice<Unicode.Scalar>, isMarkup: Bool = false) -> Text {
    let all = Array(scalars)
    var builder = TextBuilder()
    for index in all.indices { builder.append(lowercaseMapping(all, index)) }
    return Text(builder.bytes, isMarkup: isMarkup)
  }

  private static func lowercaseMapping(_ scalars: [Unicode.Scalar], _ index: Int) -> String {
    guard scalars[index] == "\u{3A3}" else { return scalars[index].properties.lowercaseMapping }
    var before = index - 1
    while before >= 0, scalars[before].properties.isCaseIgnorable { before -= 1 }
    guard before >= 0, scalars[before].properties.isCased else { return "\u{3C3}" }
    var after = index + 1
    while after < scalars.count, scalars[after].properties.isCaseIgnorable { after += 1 }
    return after < scalars.count && scalars[after].properties.isCased ? "\u{3C3}" : "\u{3C2}"
  }

  private func mapped(ascii: (UInt8) -> UInt8, scalar: (Unicode.Scalar) -> String) -> Text {
    guard bytes.contains(where: { $0 >= 0x80 }) else { return Text(bytes.map(ascii), isMarkup: isMarkup) }
    var builder = TextBuilder()
    for item in scalars { builder.append(scalar(item)) }
    return Text(builder.bytes, isMarkup: isMarkup)
  }
}
