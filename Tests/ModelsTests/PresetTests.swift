import Foundation
import Formats
import Models
import Testing

@Suite struct PresetTests {
  @Test func parameterCountsAreExact() throws {
    let url = try #require(
      Bundle.module.url(forResource: "preset-parameter-counts", withExtension: "json", subdirectory: "Golden"))
    let golden = try JSON.parse(contentsOfFile: url.path)
    #expect(golden.objectValue?.count == Preset.allCases.count)
    for preset in Preset.allCases {
      let expected = try #require(golden[preset.rawValue])
      let counts = preset.configuration.parameterCounts
      #expect(counts.embedding == expected["embedding"]?.intValue, "\(preset)")
      #expect(counts.attention == expected["attention"]?.intValue, "\(preset)")
      #expect(counts.feedForward == expected["feed_forward"]?.intValue, "\(preset)")
      #expect(counts.norms == expected["norms"]?.intValue, "\(preset)")
      #expect(counts.head == expected["head"]?.intValue, "\(preset)")
      #expect(counts.total == expected["total"]?.intValue, "\(preset)")
      #expect(counts.active == expected["active"]?.intValue, "\(preset)")
    }
    #expect(Preset.smolLM2With135M.configuration.parameterCounts.total == 134_515_008)
  }

  @Test func namesAreFoundAndSuggested() throws {
    #expect(try Preset(named: "SmolLM2-135M") == .smolLM2With135M)
    #expect(UnknownPreset(name: "smollm2-130m").description == "'smollm2-130m' is no preset; did you mean 'smollm2-135m'?")
    #expect(UnknownPreset(name: "mistral").description.contains("there are smollm2-135m, "))
    #expect(throws: UnknownPreset(name: "x")) { try Preset(named: "x") }
    #expect(nearestName(to: "weigth_decay", in: ["weight_decay", "clip_grad"]) == "weight_decay")
    #expect(nearestName(to: "zzz", in: ["weight_decay"]) == nil)
    #expect(nearestName(to: "", in: ["a"]) == nil)
  }
}
