public import Models
public import Optimization

extension RunConfiguration {
  /// One entry of `apus.parameter_groups`: parameters whose rate or decay differs from the run's.
  public struct GroupRule: Sendable, Equatable {
    /// `params`: regular expressions as in `weight_decay_exclude_named_params`. Required.
    public var parameters: NamePatterns
    /// `learning_rate_factor`: multiplies the rate of every step. Default 1.
    public var learningRateFactor: Double
    /// `weight_decay`. Default: as for the others.
    public var weightDecay: Double?

    init(_ node: ConfigurationNode, path: String, notes: inout ReadingNotes) throws(ConfigurationError) {
      let section = try notes.section(node, path, known: ["params", "learning_rate_factor", "weight_decay"])
      guard let patterns = try section.patterns("params"), !patterns.patterns.isEmpty else {
        throw section.error("params", "missing; give regular expressions that name parameters, such as '.*embed_tokens.*'")
      }
      parameters = patterns
      learningRateFactor = try section.number("learning_rate_factor", where: { $0 >= 0 }, "0 or more") ?? 1
      weightDecay = try section.number("weight_decay", where: { $0 >= 0 }, "0 or more")
    }

    var yaml: YAMLValue {
      .mapping([
        "params": .list(parameters.patterns.map(YAMLValue.string)),
        "learning_rate_factor": .double(learningRateFactor),
        "weight_decay": .optional(weightDecay, YAMLValue.double),
      ])
    }

    /// Reads the list; the first entry that names a parameter decides.
    static func list(_ apus: ConfigurationSection, notes: inout ReadingNotes) throws(ConfigurationError) -> [GroupRule] {
      let key = "parameter_groups"
      guard let node = apus[key] else { return [] }
      guard case .sequence(let items) = node.content else {
        throw apus.error(key, "\(node.shown) is not a list of groups; begin each with '- '")
      }
      var groups: [GroupRule] = []
      for (index, item) in items.enumerated() {
        groups.append(try GroupRule(item, path: "\(apus.childPath(key)).\(index)", notes: &notes))
      }
      return groups
    }
  }

  /// Rate and decay of a parameter: of the first group that names it, or of all.
  public func parameterGroup(_ parameter: ParameterDeclaration) -> ParameterGroup {
    let group = apus.parameterGroups.first { $0.parameters.match(parameter.name) }
    let decay = optimizer.weightDecayExclusion.match(parameter.name) ? 0 : optimizer.weightDecay
    return ParameterGroup(
      weightDecay: group?.weightDecay ?? decay, learningRateFactor: group?.learningRateFactor ?? 1)
  }
}
