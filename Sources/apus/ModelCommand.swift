import ArgumentParser
import Formats
import Foundation
import Models
import Planning
import Reporting

/// `apus model`: what a model is made of.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Describe models.", subcommands: [Parameters.self, List.self, ModelComputeCommand.self])

  /// `apus model params`.
  struct Parameters: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "params", abstract: "Count a model's parameters by component.")

    @OptionGroup var model: ModelArgument

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let counts = try model.configuration().parameterCounts
      if json {
        print(counts.json.serializedString(pretty: true))
        return
      }
      var table = TextTable([.left, .right, .right])
      let parts = [
        ("embedding", counts.embedding), ("attention", counts.attention), ("feed-forward", counts.feedForward),
        ("norms", counts.norms), ("head", counts.head),
      ]
      for (name, count) in parts {
        table.add(name, Quantity.grouped(count), percent(count, of: counts.total))
      }
      table.rule()
      table.add("total", Quantity.grouped(counts.total), Quantity.count(counts.total))
      if counts.idle > 0 { table.add("active", Quantity.grouped(counts.active), Quantity.count(counts.active)) }
      print(table.text, terminator: "")
    }

    private func percent(_ part: Int, of total: Int) -> String {
      part == 0 ? "shared" : String(format: "%.1f%%", 100 * Double(part) / Double(total))
    }
  }

  /// `apus model list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the presets.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      if json {
        let all = Preset.allCases.map { preset in
          JSON.object([
            "name": .string(preset.rawValue), "summary": .string(preset.summary),
            "parameters": .integer(Int64(preset.configuration.parameterCounts.total)),
          ])
        }
        print(JSON.array(all).serializedString(pretty: true))
        return
      }
      var table = TextTable([.left, .right, .right, .right, .right, .left])
      table.add("preset", "parameters", "layers", "width", "context", "")
      table.rule()
      for preset in Preset.allCases {
        let model = preset.configuration
        table.add(
          preset.rawValue, Quantity.count(model.parameterCounts.total), "\(model.layerCount)", "\(model.hiddenSize)",
          Quantity.grouped(model.contextLength), preset.summary)
      }
      print(table.text, terminator: "")
    }
  }
}
