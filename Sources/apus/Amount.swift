import ArgumentParser

/// A number with a unit of thousands, as people write tokens and operations: `300M`, `1.5B`, `11T`, `2e9`.
struct Amount: ExpressibleByArgument {
  let value: Double

  init?(argument: String) {
    let units: [Character: Double] = ["k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12, "P": 1e15]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? argument : String(argument.dropLast())), number.isFinite, number > 0 else {
      return nil
    }
    value = number * (unit ?? 1)
  }
}
