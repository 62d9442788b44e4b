import ArgumentParser
import Formats
import Planning
import Reporting

/// `apus plan gpu-hours`.
struct PlanDeviceHoursCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpu-hours", abstract: "Device hours and cost of a project with its ablations and restarts.",
    discussion: """
      Each phase is so many devices for so many days. Ablations and restarts belong in the sum: in SmolLM3's they took more
      than half of what the main run took.

      Example, the playbook's table (437,760 hours):
        apus plan gpu-hours --phase 'main run=384x30' --phase 'ablations=192x15' --phase 'mid-training=192x10' \\
          --phase 'reset=384x3' --phase 'debugging=192x4' --price 2.5
      """)

  @Option(name: .customLong("phase"), help: "NAME=DEVICESxDAYS; may be given often.")
  var phases: [Phase] = []

  @Option(help: "Price of a device hour.")
  var price: Double?

  @Flag(help: "Print JSON.")
  var json = false

  /// A phase as it is written on the command line.
  struct Phase: ExpressibleByArgument {
    let phase: DevicePhase

    init?(argument: String) {
      guard let equals = argument.lastIndex(of: "=") else { return nil }
      let sizes = argument[argument.index(after: equals)...].split(separator: "x").map { Double($0) }
      guard sizes.count == 2, let devices = sizes[0], let days = sizes[1], devices > 0, days > 0, equals > argument.startIndex,
        (devices * days).isFinite
      else { return nil }
      phase = DevicePhase(name: String(argument[..<equals]), devices: devices, days: days)
    }
  }

  func validate() throws {
    guard !phases.isEmpty else { throw ValidationError("at least one --phase 'NAME=DEVICESxDAYS' is needed") }
  }

  func run() throws {
    let total = phases.reduce(0) { $0 + $1.phase.deviceHours }
    if json {
      let rows = phases.map {
        JSON.object(["name": .string($0.phase.name), "device_hours": .number($0.phase.deviceHours)])
      }
      var members = JSON.object(["phases": .array(rows), "device_hours": .number(total)])
      members["cost"] = price.map { .number($0 * total) }
      print(members.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .right, .right, .right])
    table.add("phase", "devices", "days", "device hours", price == nil ? "" : "cost")
    table.rule()
    func hours(_ hours: Double) -> [String] {
      [Quantity.grouped(Int(hours.rounded())), price.map { Quantity.grouped(Int((hours * $0).rounded())) } ?? ""]
    }
    for phase in phases.map(\.phase) {
      let cells = hours(phase.deviceHours)
      table.add(
        phase.name, Quantity.number(phase.devices, digits: 3), Quantity.number(phase.days, digits: 3), cells[0], cells[1])
    }
    table.rule()
    table.add("total", "", "", hours(total)[0], hours(total)[1])
    print(table.text, terminator: "")
  }
}
