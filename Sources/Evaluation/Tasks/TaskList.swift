public import Formats
import Reporting

/// What there is to ask.
public struct TaskList: Sendable {
  private let catalog: TaskCatalog

  /// The list of a catalog.
  public init(_ catalog: TaskCatalog) { self.catalog = catalog }

  /// A table for people.
  public var text: String {
    var table = TextTable([.left, .left, .left])
    table.add("task", "variants", "")
    table.rule()
    for file in catalog.files {
      let count = file.subsets.isEmpty ? "" : " (\(file.subsets.count) subsets)"
      table.add("\(file.name)\(count)", file.variants.joined(separator: ", "), file.summary)
    }
    let groups = Set(catalog.files.flatMap(\.groups)).sorted()
    return table.text + "groups: \(groups.joined(separator: ", ")), all\n"
  }

  /// The same for programs.
  public var json: JSON {
    .array(
      catalog.files.map { file in
        [
          "task": .string(file.name), "summary": .string(file.summary),
          "variants": .array(file.variants.map { .string($0) }), "groups": .array(file.groups.map { .string($0) }),
          "subsets": .array(file.subsets.map { .string($0) }),
        ]
      })
  }
}
