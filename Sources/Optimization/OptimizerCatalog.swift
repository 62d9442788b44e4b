/// The optimizers that a configuration can name.
public enum OptimizerCatalog {
  /// One line each.
  public static let rules: [any UpdateRule.Type] = [
    AdamW.self,
    Muon.self,
    AdEMAMix.self,
    Lion.self,
    SOAP.self,
  ]

  /// Their names.
  public static var names: [String] { rules.map { $0.name } }

  /// The rule of that name, letter case ignored.
  public static func rule(named name: String) -> (any UpdateRule.Type)? {
    rules.first { $0.name.lowercased() == name.lowercased() }
  }
}
