import Models
import Optimization
import Tensors
import Testing

@Suite struct OptimizerLayoutTests {
  private func declaration(
    _ name: String, _ shape: [Int], _ component: ParameterDeclaration.Component, fusedRows: [Int]? = nil
  ) -> ParameterDeclaration {
    ParameterDeclaration(
      name: name, shape: shape, initialization: .normal(standardDeviation: 1), shardAxis: nil, component: component,
      fusedRows: fusedRows)
  }

  @Test func muonLeavesWhatIsNoHiddenMatrixToAdamW() throws {
    let model = ModelConfiguration(
      vocabularySize: 64, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4, tiedEmbeddings: false)
    let list = model.declarations()
    func names(_ rule: Muon, _ state: String) throws -> Set<String> {
      let layout = OptimizerLayout(list, rule: rule) { _ in ParameterGroup() }
      let state = try #require(layout.states.first { $0.name == state })
      return Set(state.entries.map { list[$0.parameter].name })
    }
    let muon = try names(Muon(), "momentum_buffer")
    #expect(muon == Set(list.filter { $0.shape.count == 2 && $0.name.hasPrefix("model.layers.") }.map(\.name)))
    #expect(try names(Muon(), "exp_avg") == Set(list.map(\.name)).subtracting(muon))
    var changed = Muon()
    changed.adamWParameters = try NamePatterns(patterns: [".*down_proj"])
    changed.muonParameters = try NamePatterns(patterns: ["lm_head"])
    let other = try names(changed, "momentum_buffer")
    #expect(other.contains("lm_head.weight") && !other.contains("model.layers.0.mlp.down_proj.weight"))
    let bytes = OptimizerLayout(list, rule: Muon()) { _ in ParameterGroup() }.stateBytes
    let ours = list.filter { muon.contains($0.name) }.reduce(0) { $0 + $1.count }
    #expect(bytes == 4 * ours + 8 * (model.parameterCounts.total - ours))
  }

  /// Experts and queries with keys and values: each matrix moves as it does alone.
  @Test func matricesStoredInOneAreTakenOneByOne() throws {
    let whole = [
      declaration("experts", [3, 4, 6], .feedForward), declaration("qkv", [8, 5], .attention, fusedRows: [4, 2, 2]),
      declaration("convolution", [6, 1, 4], .attention),
    ]
    let parts =
      (0..<3).map { declaration("expert \($0)", [4, 6], .feedForward) }
      + [4, 2, 2].enumerated().map { declaration("p\($0.offset)", [$0.element, 5], .attention) }
      + [declaration("convolution", [24], .attention)]
    let results = [whole, parts].map { list in
      let store = ParameterStore(list, trainable: true)
      let random = Philox(seed: 3, purpose: "weights")
      for i in 0..<store.count {
        store.master.floats[i] = random.uniform(UInt64(i)) - 0.5
        store.gradient!.floats[i] = random.uniform(UInt64(i + 1000)) - 0.5
      }
      let execution = Execution()
      let optimizer = Optimizer(store, Muon(), in: execution)
      for step in 1...2 { optimizer.update(step: step, learningRate: 0.1, gradientScale: 1, in: execution) }
      return (store.master.toFloats().map(\.bitPattern), optimizer)
    }
    #expect(results[0].0 == results[1].0)
    let state = results[0].1.states
    #expect(state.map(\.name).sorted() == ["exp_avg", "exp_avg_sq", "momentum_buffer"])
    let momentum = try #require(state.first { $0.name == "momentum_buffer" })
    #expect(momentum.tensors.map(\.tensor.shape) == [[3, 4, 6], [8, 5]])
  }

  @Test func groupsChangeRateAndDecay() {
    let list = ["a", "b", "c"].map { declaration($0, [2, 2], .attention) }
    let store = ParameterStore(list, trainable: true)
    for i in 0..<store.count {
      store.master.floats[i] = 1
      store.gradient!.floats[i] = 1
    }
    let execution = Execution()
    let optimizer = Optimizer(store, Lion(), in: execution) { parameter in
      ParameterGroup(
        weightDecay: parameter.name == "c" ? 0.5 : 0, learningRateFactor: parameter.name == "b" ? 0 : 1)
    }
    optimizer.update(step: 1, learningRate: 0.25, gradientScale: 1, in: execution)
    #expect(store.master.toFloats() == [0.75, 0.75, 0.75, 0.75, 1, 1, 1, 1, 0.625, 0.625, 0.625, 0.625])
  }

  @Test(arguments: OptimizerCatalog.names) func bitsDoNotDependOnThreads(_ name: String) throws {
    let threads = InstructionSet.threads
    defer { InstructionSet.setThreads(threads) }
    let list = [declaration("a", [130, 70], .attention), declaration("b", [40, 200], .attention),
      declaration("norm", [33], .norm)]
    let type = try #require(OptimizerCatalog.rule(named: name))
    let results = [1, 3, 4].map { count in
      InstructionSet.setThreads(count)
      let store = ParameterStore(list, trainable: true)
      let random = Philox(seed: 5, purpose: "weights")
      for i in 0..<store.count { store.master.floats[i] = random.uniform(UInt64(i)) - 0.5 }
      let execution = Execution()
      let optimizer = Optimizer(store, type.init(), in: execution)
      for step in 1...3 {
        for i in 0..<store.count { store.gradient!.floats[i] = random.uniform(UInt64(i + step * 100_000)) - 0.5 }
        optimizer.update(step: step, learningRate: 0.01, gradientScale: 1, in: execution)
      }
      return store.master.toFloats().map(\.bitPattern)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// What µP makes of the rates: how far weights move, beside the same rule on a model of the base's width.
  @Test(arguments: [
    ("adamW", 0.25), ("lion", 0.25), ("muon moonlight", 0.5), ("muon original", 1), ("muon spectral", 1),
  ]) func ratesFollowTheWidthOfMatricesInBlocks(name: String, factor: Double) throws {
    var rule: any UpdateRule = name == "lion" ? Lion() : AdamW()
    for scale in Muon.UpdateScale.allCases where name == "muon \(scale.rawValue)" {
      var muon = Muon()
      muon.updateScale = scale
      muon.compute = .float32
      rule = muon
    }
    /// Weights before and after the first step, without decay and with no gradient but decay.
    func moved(_ multiplier: Double, decays: Bool) -> [String: Double] {
      let model = ModelConfiguration(
        vocabularySize: 20, hiddenSize: 32, intermediateSize: 48, layerCount: 1, headCount: 4)
      let store = ParameterStore(model.declarations(InitializationScheme(widthMultiplier: multiplier)), trainable: true)
      let random = Philox(seed: 5, purpose: "gradient")
      for i in 0..<store.count {
        store.master.floats[i] = 1
        store.gradient!.floats[i] = decays ? 0 : random.uniform(UInt64(i)) - 0.5
      }
      let execution = Execution()
      let optimizer = Optimizer(store, rule, in: execution) { _ in ParameterGroup(weightDecay: decays ? 0.1 : 0) }
      optimizer.update(step: 1, learningRate: 0.01, gradientScale: 1, in: execution)
      return Dictionary(
        uniqueKeysWithValues: store.parameters.map { parameter in
          (parameter.name, parameter.master.toFloats().reduce(0.0) { $0 + abs(Double($1) - 1) } / Double(parameter.count))
        })
    }
    let (one, four) = (moved(1, decays: false), moved(4, decays: false))
    for (name, distance) in four {
      let isHidden = name.hasPrefix("model.layers.") && !name.contains("norm")
      let ratio = distance / (try #require(one[name]))
      #expect(abs(ratio / (isHidden ? factor : 1) - 1) < 1e-3, "\(name): \(ratio)")
    }
    // Everything decays as fast as at the base's width.
    for (name, distance) in moved(4, decays: true) { #expect(abs(distance - 1e-3) < 1e-6, "\(name)") }
  }
}
