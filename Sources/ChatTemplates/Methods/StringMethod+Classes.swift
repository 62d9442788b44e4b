extension Text {
  /// What the methods `isalpha`, `isdigit` and their like answer.
  func matches(_ method: StringMethod) -> Bool {
    let scalars = scalars
    switch method {
    case .isascii: return bytes.allSatisfy { $0 < 0x80 }
    case .isprintable: return scalars.allSatisfy(\.isPythonPrintable)
    case .islower, .isupper: return hasOneCase(scalars, upper: method == .isupper)
    case .istitle: return isTitle(scalars)
    default: break
    }
    guard let first = scalars.first else { return false }
    switch method {
    case .isspace: return scalars.allSatisfy(\.isPythonSpace)
    case .isalpha: return scalars.allSatisfy(\.isPythonLetter)
    case .isdecimal: return scalars.allSatisfy { $0.properties.numericType == .decimal }
    case .isdigit: return scalars.allSatisfy(\.isPythonDigit)
    case .isnumeric: return scalars.allSatisfy { $0.properties.numericType != nil }
    case .isalnum: return scalars.allSatisfy { $0.isPythonLetter || $0.properties.numericType != nil }
    case .isidentifier:
      return (first == "_" || first.properties.isXIDStart) && scalars.allSatisfy { $0.properties.isXIDContinue }
    default: return false
    }
  }

  private func hasOneCase(_ scalars: [Unicode.Scalar], upper: Bool) -> Bool {
    var found = false
    for scalar in scalars {
      let (isUpper, isLower) = (scalar.properties.isUppercase, scalar.properties.isLowercase)
      if upper ? isLower : isUpper { return false }
      if scalar.properties.generalCategory == .titlecaseLetter { return false }
      if upper ? isUpper : isLower { found = true }
    }
    return found
  }

  private func isTitle(_ scalars: [Unicode.Scalar]) -> Bool {
    var (afterCased, found) = (false, false)
    for scalar in scalars {
      if scalar.properties.isUppercase || scalar.properties.generalCategory == .titlecaseLetter {
        if afterCased { return false }
        (afterCased, found) = (true, true)
      } else if scalar.properties.isLowercase {
        if !afterCased { return false }
        found = true
      } else {
        afterCased = false
      }
    }
    return found
  }
}

extension Unicode.Scalar {
  var isPythonLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  var isPythonDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }

  /// Whether the `\w` of Python's expressions sees a character of a word.
  var isPythonWord: Bool { self == "_" || isPythonLetter || properties.numericType != nil }
}
