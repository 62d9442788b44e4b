import ArgumentParser
import CUDARuntime
import Formats
import Foundation
import Planning
import Reporting
import Tensors

/// `apus doctor`: what this machine has and what it lacks.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what this machine can do, and what is missing.",
    discussion: """
      Measures for about three seconds: matrix products in bfloat16 and float32, and a copy in memory.

      Example: apus doctor
      """)

  @Flag(help: "Print JSON.")
  var json = false

  /// A shared library that is opened when a feature asks for it.
  private struct Library {
    let name: String
    let purpose: String
    let package: String
    var isFound: Bool {
      guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return false }
      dlclose(handle)
      return true
    }
  }

  private static let libraries = [
    Library(
      name: "libz.so.1", purpose: "reads gzip files, also inside Parquet",
      package: "zlib1g (Debian, Ubuntu) or zlib (Fedora, Alpine, Arch)"),
    Library(
      name: "libzstd.so.1", purpose: "reads Parquet files compressed with zstd",
      package: "libzstd1 (Debian, Ubuntu), libzstd (Fedora) or zstd-libs (Alpine)"),
  ]

  func run() throws {
    let machine = Machine.current
    let disk = Machine.freeDisk(at: ".")
    let rates = MachineRates.measure(in: Execution(), seconds: 1)
    let libraries = Self.libraries.map { ($0, $0.isFound) }
    let cards = DeviceReport()
    let advice = Self.advice(machine, missing: libraries.filter { !$0.1 }.map(\.0)) + cards.advice
    if json {
      let object: JSON = [
        "processor": .string(machine.processor), "cores": JSON(machine.cores),
        "processor_limit": machine.processorLimit.map { JSON($0) } ?? nil, "threads": JSON(InstructionSet.threads),
        "instruction_set": .string(InstructionSet.current.rawValue),
        "instruction_sets": .array(Self.available.map { .string($0.rawValue) }),
        "bfloat16_products": .bool(Self.hasBFloat16Products),
        "memory_bytes": JSON(machine.totalMemory), "available_memory_bytes": JSON(machine.availableMemory),
        "free_disk_bytes": disk.map { JSON($0) } ?? nil,
        "rates": [
          "bfloat16_flops": JSON(rates.bfloat16Products), "float32_flops": JSON(rates.float32Products),
          "copy_bytes_per_second": JSON(rates.copyBytesPerSecond),
        ],
        "libraries": .array(libraries.map { ["name": .string($0.0.name), "found": .bool($0.1)] }),
        "cards": .array(cards.cards.map { Self.json($0) }),
        "cuda_libraries": .array(cards.libraries.map { Self.json($0) }),
        "advice": .array(advice.map { .string($0) }),
      ]
      print(object.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .left])
    let limit = machine.processorLimit.map { ", limited to \(Quantity.number($0, digits: 3))" } ?? ""
    let threads = Quantity.counted(InstructionSet.threads, "thread")
    table.add(
      "processor", "\(machine.processor), \(Quantity.counted(machine.cores, "core"))\(limit), \(threads) used")
    let others = Self.available.filter { $0 != InstructionSet.current }.map(\.rawValue).joined(separator: ", ")
    table.add("kernels", InstructionSet.current.rawValue + (others.isEmpty ? "" : " (also here: \(others))"))
    table.add("bfloat16", Self.hasBFloat16Products ? "multiplied in hardware" : "widened to float32 to multiply")
    let (free, all) = (Quantity.bytes(machine.availableMemory), Quantity.bytes(machine.totalMemory))
    table.add("memory", "\(free) available of \(all)")
    table.add("disk", disk.map { "\(Quantity.bytes($0)) free in this folder" } ?? "unknown")
    table.add("bf16 products", Self.gflops(rates.bfloat16Products))
    table.add("fp32 products", Self.gflops(rates.float32Products))
    table.add("memory copy", "\(Quantity.number(rates.copyBytesPerSecond / 1e9, digits: 3)) GB/s (read and written)")
    for (library, found) in libraries {
      table.add(library.name, (found ? "found" : "missing") + ", \(library.purpose)")
    }
    for card in cards.cards { table.add("card \(card.device.index)", Self.text(card)) }
    for library in cards.libraries where !cards.cards.isEmpty {
      table.add(library.library.title, Self.text(library))
    }
    if cards.cards.isEmpty {
      let hasDriver = cards.libraries.contains { $0.library == .driver && $0.path != nil }
      table.add("cards", hasDriver ? "none that the driver shows" : "none (no libcuda.so.1; --json says where it was looked for)")
    }
    print(table.text, terminator: "")
    for line in advice { print("! " + line) }
    if advice.isEmpty { print("Nothing is missing.") }
  }

  private static func gflops(_ rate: Double) -> String { "\(Int((rate / 1e9).rounded())) GFLOP/s" }

  private static var available: [InstructionSet] {
    InstructionSet.allCases.filter { isa in
      InstructionSet.allCases.firstIndex(of: isa) ?? 0 <= InstructionSet.allCases.firstIndex(of: .best) ?? 0
    }
  }

  private static var hasBFloat16Products: Bool {
    switch InstructionSet.current {
    case .amx: true
    case .avx512: InstructionSet.hasBFloat16Products
    case .avx2, .portable: false
    }
  }

  private static func advice(_ machine: Machine, missing: [Library]) -> [String] {
    var lines = missing.map { "\($0.name) is missing, which \($0.purpose): install \($0.package)" }
    if machine.givesLargePages == false {
      lines.append(
        "large pages are off, which slows memory down: as root, "
          + "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
    }
    if let limit = machine.processorLimit, Double(InstructionSet.threads) > max(1, limit.rounded(.up)) {
      lines.append(
        "\(InstructionSet.threads) threads share \(Quantity.number(limit, digits: 3)) processors' worth of time: "
          + "set APUS_THREADS=\(Int(limit.rounded(.up)))")
    }
    if InstructionSet.current != .best {
      lines.append(
        "the \(InstructionSet.current.rawValue) kernels are forced, "
          + "the best here are \(InstructionSet.best.rawValue): unset APUS_ISA")
    }
    return lines
  }
}
