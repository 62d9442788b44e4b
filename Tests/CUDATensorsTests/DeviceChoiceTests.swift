import CUDARuntime
import CUDATensors
import Tensors
import TestSupport
import Testing

@Suite struct DeviceChoiceTests {
  @Test(arguments: [
    ("auto", DeviceChoice.auto), ("cpu", .cpu), ("cuda", .cuda(0)), ("cuda:0", .cuda(0)), ("cuda:12", .cuda(12)),
  ])
  func reads(_ text: String, _ choice: DeviceChoice) throws {
    #expect(try DeviceChoice(text) == choice)
    #expect(try DeviceChoice(choice.description) == choice)
  }

  @Test(arguments: ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:1x", "cuda1"])
  func names(_ wrong: String) {
    #expect(sentence { _ = try DeviceChoice(wrong) }.contains("'\(wrong)' is not one of auto, cpu, cuda"))
  }
}

extension CUDATests {
  /// What a choice opens on machines that lack something.
  @Suite struct OpenedDevices {
    /// The machine of the emulated card without the libraries of some names.
    private func finder(without missing: String...) throws -> LibraryFinder {
      var loader = try EmulatedCard.loader()
      let open = loader.open
      loader.open = { name in
        missing.contains { name.contains($0) } ? .failure(.init("\(name): taken away")) : open(name)
      }
      return LibraryFinder(loader)
    }

    @Test func autoTakesACardOrElseTheProcessor() throws {
      let card = try DeviceChoice.auto.open(finder(), cache: nil)
      #expect(card.context?.device.index == 0 && card.warning == nil)
      let none = try DeviceChoice.auto.open(finder(without: "libcuda"), cache: nil)
      #expect(none.context == nil && none.warning == nil)
      #expect(try DeviceChoice.cpu.open(finder(), cache: nil).context == nil)
    }

    @Test func autoSaysWhyItPassesOverACard() throws {
      let opened = try DeviceChoice.auto.open(finder(without: "nvrtc"), cache: nil)
      #expect(opened.context == nil)
      #expect(opened.warning?.hasPrefix("the card is not used: NVRTC is missing") == true)
    }

    @Test func aCardWithoutCuBLASLtIsSlow() throws {
      let opened = try DeviceChoice.cuda(0).open(finder(without: "cublas"), cache: nil)
      #expect(opened.context != nil)
      #expect(opened.warning?.hasPrefix("matrix products are slower than they could be: cuBLASLt is missing") == true)
    }

    @Test func aCardThatWasAskedForMustBeThere() throws {
      let finder = try finder()
      #expect(sentence { _ = try DeviceChoice.cuda(7).open(finder, cache: nil) }.contains("there is no card cuda:7"))
      let without = try self.finder(without: "libcuda")
      let missing = sentence { _ = try DeviceChoice.cuda(0).open(without, cache: nil) }
      #expect(missing.contains("NVIDIA's driver is missing"))
    }

    @Test func theReportKnowsTheCard() throws {
      let report = DeviceReport(try finder())
      #expect(report.isUsable && report.advice.isEmpty)
      #expect(report.cards.first?.target == CompilationTarget("sm_90a"))
      #expect((report.cards.first?.freeMemory ?? 0) > 0)
      #expect(report.libraries.prefix(3).allSatisfy { $0.path != nil && $0.version != nil && $0.problem == nil })
      // Without cuBLASLt products are slower, without NVRTC there are none.
      for (library, isUsable) in [("cublas", true), ("nvrtc", false)] {
        let lacking = DeviceReport(try finder(without: library))
        #expect(lacking.isUsable == isUsable && !lacking.advice.isEmpty && lacking.cards.count == report.cards.count)
      }
    }
  }
}
