import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// No published family: the architecture stands in the configuration, and only Apus reads the model.
  public static let apus = Self(ApusFamily.self)
}

enum ApusFamily: ModelFamily {
  static let modelTypes = ["apus"]
  static let architecture = "ApusForCausalLM"

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    guard let settings = reader.value("architecture") else {
      throw reader.error("architecture", "missing; it says what an apus model is made of")
    }
    do {
      try c.apply(architecture: settings, path: "architecture")
    } catch let error as SettingsError {
      throw reader.error(error.key, error.problem)
    }
    try reader.readHeads(into: &c)
    try reader.readRope(into: &c)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members["architecture"] = c.architectureSettings
    return members
  }
}
