import ArgumentParser
import Formats
import Models
import Planning
import Reporting

/// `apus plan flops`.
struct PlanComputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flops", abstract: "Operations of a training, and how many devices it takes.",
    discussion: """
      Prints the estimate 6ND, the exact count with attention and output head, and the devices that finish in the given
      time: operations / (peak × utilisation × time).

      Example, SmolLM3 on H100s as the playbook plans it (375 to 400 devices):
        apus plan flops smollm3-3b --tokens 11T --sequence-length 4096 --peak 720T --utilization 0.3 --weeks 4
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "Tokens of the training: 300M, 11T, 2e9.")
  var tokens: Amount

  @Option(help: "Tokens of a sequence. (default: the model's context)")
  var sequenceLength: Int?

  @Option(help: "Operations a second of one device at best, such as 990T for an H100 in bf16.")
  var peak: Amount?

  @Option(help: "Share of the peak that training reaches (MFU).")
  var utilization = 0.4

  @Option(help: "Weeks that the training may take.")
  var weeks = 4.0

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard utilization > 0, utilization <= 1 else { throw ValidationError("--utilization is a share above 0, at most 1") }
    guard weeks > 0 else { throw ValidationError("--weeks must be above 0") }
    if let sequenceLength, sequenceLength < 1 { throw ValidationError("--sequence-length must be at least 1") }
  }

  func run() throws {
    let shape = try model.configuration()
    let length = sequenceLength ?? shape.contextLength
    let compute = TrainingCompute(shape, tokens: tokens.value, sequenceLength: length)
    let devices = peak.map {
      TrainingCompute.devices(
        operations: compute.estimate, peak: $0.value, utilization: utilization, seconds: weeks * 604_800)
    }
    if json {
      var members = JSON.object(["estimate": .number(compute.estimate), "exact": .number(compute.exact)])
      members["devices"] = devices.map { .number($0) }
      print(members.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .left])
    table.add("parameters that a token meets", Quantity.count(shape.parameterCounts.active), "")
    table.add("6ND", Quantity.operations(compute.estimate), Quantity.number(compute.estimate, digits: 3))
    table.add("with attention and head", Quantity.operations(compute.exact), "at \(Quantity.grouped(length)) tokens a sequence")
    if let devices {
      table.add("devices", Quantity.grouped(Int(devices.rounded(.up))), "for \(Quantity.number(weeks, digits: 3)) weeks by 6ND")
    }
    print(table.text, terminator: "")
  }
}
