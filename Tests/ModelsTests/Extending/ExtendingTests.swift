import Formats
import Foundation
import Models
import Tensors
import Testing

/// The example of `docs/EXTENDING.md`: it stands there word for word, compiles, trains and generates.
@Suite struct ExtendingTests {
  static let configuration: ModelConfiguration = {
    var configuration = ModelConfiguration(
      vocabularySize: 64, hiddenSize: 32, intermediateSize: 48, layerCount: 3, headCount: 2, tiedEmbeddings: true)
    configuration.mixers = LayerPattern([MovingAverage(), SoftmaxAttention()])
    return configuration
  }()

  private func model(_ execution: Execution) -> DecoderModel {
    let model = DecoderModel(Self.configuration, trainable: true)
    model.store.initialize(seed: 3)
    return model
  }

  private func context(_ starts: [Int32]?, length: Int, _ execution: Execution) -> SequenceContext {
    SequenceContext(
      sequences: 1, length: length, documentStarts: starts,
      rotaryTable: RotaryTable.make(Self.configuration, positions: length, in: execution.arena), arena: execution.arena)
  }

  @Test func theDocumentShowsTheFile() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let source = try String(contentsOf: folder.appendingPathComponent("MovingAverage.swift"), encoding: .utf8)
    let page = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/EXTENDING.md")
    let document = try String(contentsOf: page, encoding: .utf8)
    #expect(document.contains("```swift\n\(source)```"))
  }

  @Test func stepsGiveWhatWholeSequencesGive() {
    let execution = Execution(compute: .float32)
    let model = model(execution)
    let tokens: [Int32] = (0..<21).map { Int32(($0 * 37) % 64) }
    var tape = Tape(execution, recording: false)
    let whole = model.hiddenStates(
      Tensor(tokens, in: execution.arena), context(nil, length: 21, execution), on: &tape
    ).tensor.toFloats()
    var state = DecoderState(Self.configuration, capacity: 4, in: execution)
    var stepped: [Float] = []
    for part in [tokens[0..<7], tokens[7..<8], tokens[8..<21]] {
      stepped += model.step(Array(part), state: &state, in: execution).toFloats()
    }
    #expect(zip(whole, stepped).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(state.count == 21 && !state.isTruncatable)
  }

  @Test func itsGradientIsThatOfDifferences() throws {
    let execution = Execution(compute: .float32)
    let model = model(execution)
    let tokens = Tensor((0..<12).map { Int32($0 * 5) }, in: execution.arena)
    let starts: [Int32] = [0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5]
    func loss(_ tape: inout Tape) -> Variable {
      model.hiddenStates(tokens, context(starts, length: 12, execution), on: &tape)
    }
    let weights = Philox(seed: 1, purpose: "weights")
    let direction = Tensor([12, 32], .float32, in: execution.arena)
    weights.fillNormal(direction.floats, standardDeviation: 1)
    var tape = Tape(execution)
    let hidden = loss(&tape)
    tape.backward(from: [(hidden, gradient: direction)])
    let parameter = try #require(model.store.parameter("model.layers.0.mixer.value.weight"))
    let gradient = try #require(parameter.gradient)
    for index in [0, 77, 500, 1023] {
      func value(_ change: Float) -> Double {
        parameter.master.floats[index] += change
        model.store.version.advance()
        defer { parameter.master.floats[index] -= change }
        var tape = Tape(execution, recording: false)
        let hidden = loss(&tape).tensor
        return zip(hidden.floats, direction.floats).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      }
      let difference = (value(5e-3) - value(-5e-3)) / 1e-2
      #expect(abs(difference - Double(gradient.floats[index])) < 2e-3 * max(1, abs(difference)), "weight \(index)")
    }
  }

  @Test func settingsAreReadStrictly() throws {
    var settings = try Settings(.object(["decay": .number(0.5)]), path: "mixers[0]")
    #expect(try MovingAverage(&settings).decay == 0.5)
    try settings.finish()
    var wrong = try Settings(.object(["decai": .number(0.5)]), path: "mixers[0]")
    _ = try MovingAverage(&wrong)
    #expect(throws: SettingsError(key: "mixers[0].decai", problem: "there is no such setting; did you mean 'decay'?")) {
      try wrong.finish()
    }
  }

  @Test func architecturesGoThroughConfigurationFiles() throws {
    var configuration = ModelConfiguration(
      vocabularySize: 64, hiddenSize: 32, intermediateSize: 48, layerCount: 3, headCount: 2)
    let json = try JSON.parse(#"{"norm": "layer", "activation": "gelu", "mixers": [{"kind": "attention"}]}"#)
    try configuration.apply(architecture: json, path: "architecture")
    let again = try ModelConfiguration(huggingFace: configuration.huggingFaceJSON(), file: "config.json")
    #expect(again == configuration)
    #expect(again.norm == .layer && again.activation == .gelu)
    for (text, problem) in [
      (#"{"mixers": [{"kind": "atention"}]}"#, "mixers[0].kind: \"atention\" is not one of"),
      (#"{"mixers": []}"#, "mixers: the list is empty"), (#"{"mixers": [{}]}"#, "mixers[0].kind: missing"),
      (#"{"feed_forwards": [{"kind": "dense", "wide": 3}]}"#, "feed_forwards[0].wide: there is no such setting"),
    ] {
      #expect { try configuration.apply(architecture: JSON.parse(text), path: "") } throws: { "\($0)".hasPrefix(problem) }
    }
  }
}
