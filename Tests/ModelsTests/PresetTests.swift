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

  /// What the authors say of their models, in billions: parameters, and those of one token.
  @Test(arguments: [
    ("mixtral-8x7b", 46.7, 12.9), ("qwen3-30b-a3b", 30.5, 3.3), ("qwen3-235b-a22b", 235, 22), ("deepseek-v3", 671, 37),
    ("moonlight-16b-a3b", 16, 3), ("kimi-k2", 1026, 32), ("gpt-oss-20b", 20.9, 3.6), ("gpt-oss-120b", 116.8, 5.1),
  ])
  func publishedTotals(_ name: String, _ total: Double, _ active: Double) throws {
    let counts = try Preset(named: name).configuration.parameterCounts
    // To the last digit that was published, be it rounded or cut off.
    func agrees(_ count: Int, _ published: Double) -> Bool {
      abs(Double(count) / 1e9 - published) < (published == published.rounded() ? 1 : 0.1)
    }
    #expect(agrees(counts.total, total))
    // Some count the embedding's matrix, some do not.
    #expect([counts.active, counts.active - counts.embedding].contains { agrees($0, active) })
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
