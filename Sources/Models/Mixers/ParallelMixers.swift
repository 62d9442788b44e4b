public import Formats
public import Tensors

/// Several mixers side by side: all read the same input, and what they give is added up (Falcon-H1, arXiv:2507.22448).
public struct ParallelMixers: MixerKind {
  public static let name = "parallel"
  public var branches: [Branch]

  /// One of the mixers.
  public struct Branch: Hashable, Sendable {
    public var mixer: AnyMixerKind
    /// What the mixer's input and what it gives are multiplied by.
    public var inputFactor, outputFactor: Double
    var kind: any MixerKind { mixer.kind }

    /// A mixer with the factors of its input and of what it gives.
    public init(_ kind: any MixerKind, inputFactor: Double = 1, outputFactor: Double = 1) {
      mixer = AnyMixerKind(kind)
      (self.inputFactor, self.outputFactor) = (inputFactor, outputFactor)
    }
  }

  /// At least one mixer.
  public init(_ branches: [Branch]) { self.branches = branches }

  /// `mixers`, a list like that of a model's layers, of which each may have an `input_factor` and an `output_factor`.
  public init(_ settings: inout Settings) throws {
    guard let list = try settings.list("mixers"), !list.isEmpty else {
      throw settings.error("mixers", "missing; a list of at least one mixer is needed")
    }
    branches = try list.map { path, value in
      var settings = try Settings(value, path: path)
      let inputFactor = try settings.number("input_factor") ?? 1
      let outputFactor = try settings.number("output_factor") ?? 1
      let kind = try settings.kind((any MixerKind).self, among: MixerRegistry.kinds)
      try settings.finish()
      return Branch(kind, inputFactor: inputFactor, outputFactor: outputFactor)
    }
  }

  public var settings: [String: JSON] {
    let mixers = branches.map { branch in
      var members = branch.kind.json.objectValue ?? [:]
      if branch.inputFactor != 1 { members["input_factor"] = .number(branch.inputFactor) }
      if branch.outputFactor != 1 { members["output_factor"] = .number(branch.outputFactor) }
      return JSON.object(members)
    }
    return ["mixers": .array(mixers)]
  }

  public func check(_ site: LayerSite) throws {
    for branch in branches { try branch.mixer.check(site) }
    var names: Set<String> = []
    for declaration in declarations(site) where !names.insert(declaration.name).inserted {
      throw SettingsError(
        key: "mixers", problem: "two of the parallel mixers have a parameter \(declaration.name); take different kinds")
    }
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    branches.flatMap { $0.kind.declarations(site) }
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    ParallelMixer(
      branches: branches.map {
        ($0.kind.makeMixer(store, site), inputFactor: $0.inputFactor, outputFactor: $0.outputFactor)
      })
  }

  public func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    ParallelState(parts: branches.map { $0.kind.makeState(capacity: capacity, site, in: execution) })
  }

  public func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int {
    branches.reduce(0) { $0 + $1.kind.stateBytes(tokens: tokens, site, compute: compute) }
  }

  public func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    branches.reduce(0) { $0 + $1.kind.trainingOperationsPerToken(sequenceLength: sequenceLength, site) }
  }

  public func rotaryEmbeddings(_ site: LayerSite) -> [RotaryEmbedding] {
    branches.flatMap { $0.kind.rotaryEmbeddings(site) }
  }
}

struct ParallelMixer: Mixer {
  let branches: [(mixer: any Mixer, inputFactor: Double, outputFactor: Double)]

  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    sum(x, on: &tape) { i, x, tape in branches[i].mixer.forward(x, context, on: &tape) }
  }

  func step(_ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape) -> Variable {
    sum(x, on: &tape) { i, x, tape in
      ParallelState.step(part: i, of: &states) { branches[i].mixer.step(x, context, states: &$0, on: &tape) }
    }
  }

  /// The sum of what `mix` makes of x for each branch.
  private func sum(_ x: Variable, on tape: inout Tape, _ mix: (Int, Variable, inout Tape) -> Variable) -> Variable {
    var sum: Variable?
    for (i, branch) in branches.enumerated() {
      let mixed = mix(i, tape.scale(x, by: branch.inputFactor), &tape)
      let given = tape.scale(mixed, by: branch.outputFactor)
      sum = sum.map { tape.add($0, given) } ?? given
    }
    return sum ?? x
  }
}

/// What each of some mixers remembers of one sequence.
struct ParallelState: MixerState {
  var parts: [any MixerState]

  var count: Int { parts.first?.count ?? 0 }
  var capacity: Int { parts.map(\.capacity).min() ?? .max }
  var isTruncatable: Bool { parts.allSatisfy(\.isTruncatable) }

  func canTruncate(to count: Int) -> Bool { parts.allSatisfy { $0.canTruncate(to: count) } }

  /// Takes a step with part `i` of each of some states.
  static func step(
    part i: Int, of states: inout [any MixerState], _ body: (inout [any MixerState]) -> Variable
  ) -> Variable {
    var own = states.map { state -> ParallelState in
      guard let state = state as? ParallelState else { preconditionFailure("the state of another mixer") }
      return state
    }
    var parts = own.map { $0.parts[i] }
    let result = body(&parts)
    for sequence in own.indices { own[sequence].parts[i] = parts[sequence] }
    states = own
    return result
  }

  mutating func truncate(to count: Int) {
    for i in parts.indices { parts[i].truncate(to: count) }
  }

  func copied(capacity: Int, in execution: Execution) -> any MixerState {
    ParallelState(parts: parts.map { $0.copied(capacity: capacity, in: execution) })
  }
}
