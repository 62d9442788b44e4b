import ArgumentParser
import Formats
import Models
import Planning
import Reporting

/// `apus plan kv-cache`.
struct PlanStateMemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kv-cache", abstract: "Memory that generation needs for the texts in progress.",
    discussion: """
      What a model keeps of each token (keys and values, or latents), and of each text where layers sum the past up; beside
      it what other ways of sharing keys and values would keep at the same sizes.

      Example: apus plan kv-cache llama-3.2-1b --tokens 131072 --sequences 8
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "Tokens of a text. (default: the model's context)")
  var tokens: Amount?

  @Option(help: "Texts at a time.")
  var sequences = 1

  @Option(help: "Bytes of a number: 2 for bf16.")
  var bytes = 2

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard sequences >= 1, bytes >= 1 else { throw ValidationError("--sequences and --bytes are at least 1") }
  }

  func run() throws {
    let shape = try model.configuration()
    let memory = StateMemory(shape)
    let length = tokens.map { Int(min($0.value, 1e12)) } ?? shape.contextLength
    let total = Double(memory.elements(tokens: length)) * Double(sequences * bytes)
    let variants = AttentionVariants(shape).rows
    if json {
      let rows = variants.map {
        JSON.object(["name": .string($0.name), "elements_per_token": .number($0.elementsPerToken)])
      }
      print(
        JSON.object([
          "elements_per_token": .integer(Int64(memory.elementsPerToken)),
          "fixed_elements": .integer(Int64(memory.fixedElements)), "bytes": .number(total), "variants": .array(rows),
        ]).serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .right])
    table.add("", "numbers a token", "a text of \(Quantity.grouped(length)) tokens")
    table.rule()
    func add(_ name: String, _ perToken: Double, fixed: Double) {
      let size = (fixed + perToken * Double(length)) * Double(bytes)
      table.add(name, Quantity.grouped(Int(perToken)), Quantity.bytes(Int(min(size, 1e18))))
    }
    add("this model", Double(memory.elementsPerToken), fixed: Double(memory.fixedElements))
    for row in variants { add(row.name, row.elementsPerToken, fixed: 0) }
    table.rule()
    table.add("all \(Quantity.grouped(sequences)) texts", "", Quantity.bytes(Int(min(total, 1e18))))
    print(table.text, terminator: "")
  }
}
