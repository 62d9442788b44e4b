import CUDARuntime
import Formats
import Reporting

extension DoctorCommand {
  /// A card in one line.
  static func text(_ card: DeviceReport.Card) -> String {
    let device = card.device
    let free = card.freeMemory.map { "\(Quantity.bytes($0)) free of " } ?? ""
    let peak = CardPeak.named(device.name).map { "\(Quantity.number($0.bfloat16 / 1e12, digits: 3)) TFLOP/s" } ?? "unknown"
    return "\(device.name), capability \(device.capability), \(free)\(Quantity.bytes(device.memory)), "
      + "data sheet's bf16 peak \(peak)" + (card.problem == nil ? "" : ", not usable")
  }

  /// A library in one line.
  static func text(_ library: DeviceReport.Library) -> String {
    guard let path = library.path else {
      return (library.library.isUsed ? "missing" : "not installed") + ", \(library.library.purpose)"
    }
    return "\(library.version.map { "\($0), " } ?? "")\(path), \(library.library.purpose)"
  }

  static func json(_ card: DeviceReport.Card) -> JSON {
    [
      "name": .string(card.device.name), "capability": .string("\(card.device.capability)"),
      "memory_bytes": JSON(card.device.memory), "free_memory_bytes": card.freeMemory.map { JSON($0) } ?? nil,
      "multiprocessors": JSON(card.device.multiprocessors),
      "data_sheet_bfloat16_flops": CardPeak.named(card.device.name).map { JSON($0.bfloat16) } ?? nil,
      "problem": card.problem.map { .string($0) } ?? nil,
    ]
  }

  static func json(_ library: DeviceReport.Library) -> JSON {
    [
      "name": .string(library.library.title), "path": library.path.map { .string($0) } ?? nil,
      "version": library.version.map { .string("\($0)") } ?? nil,
      "problem": library.problem.map { .string($0) } ?? nil,
    ]
  }
}
