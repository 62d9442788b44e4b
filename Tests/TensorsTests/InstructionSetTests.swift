import Tensors
import Testing

extension EngineTests {
  @Suite struct Environment {
    @Test func variantsAndThreads() async {
      await #expect(processExitsWith: .success) {
        let best = try #require(InstructionSet.allCases.firstIndex(of: .best))
        for (i, variant) in InstructionSet.allCases.enumerated() {
          let isThere = i <= best
          try InstructionSet.portable.select()
          if isThere {
            try InstructionSet.applyEnvironment(["APUS_ISA": variant.rawValue.uppercased()])
            #expect(InstructionSet.current == variant)
          } else {
            let error = #expect(throws: InstructionSet.Unavailable.self) {
              try InstructionSet.applyEnvironment(["APUS_ISA": variant.rawValue])
            }
            let text = "\(error.map(\.description) ?? "")"
            #expect(text.contains(variant.rawValue) && text.contains(InstructionSet.best.rawValue), "\(text)")
            #expect(InstructionSet.current == .portable)
          }
        }
        try InstructionSet.applyEnvironment(["APUS_THREADS": "3"])
        #expect(InstructionSet.threads == 3)
        try InstructionSet.applyEnvironment(["APUS_THREADS": "256", "APUS_ISA": ""])
        #expect(InstructionSet.threads == 256)
      }
    }

    @Test func wrongValues() async {
      await #expect(processExitsWith: .success) {
        try InstructionSet.portable.select()
        InstructionSet.setThreads(2)
        for name in ["sse", "avx-512", " avx2", "3"] {
          let error = #expect(throws: InstructionSet.Unavailable.self) {
            try InstructionSet.applyEnvironment(["APUS_ISA": name])
          }
          let text = "\(error.map(\.description) ?? "")"
          #expect(text.contains("APUS_ISA") && text.contains("'\(name)'") && text.contains("portable"), "\(text)")
        }
        for count in ["0", "-1", "257", "two", "2.5", " 2", "99999999999999999999"] {
          let error = #expect(throws: InstructionSet.Unavailable.self) {
            try InstructionSet.applyEnvironment(["APUS_THREADS": count])
          }
          let text = "\(error.map(\.description) ?? "")"
          #expect(text.contains("APUS_THREADS") && text.contains("'\(count)'") && text.contains("256"), "\(text)")
        }
        try InstructionSet.applyEnvironment([:])
        try InstructionSet.applyEnvironment(["APUS_ISA": "", "APUS_THREADS": ""])
        #expect(InstructionSet.current == .portable && InstructionSet.threads == 2)
      }
    }

    /// The emulated tile unit counts as AMX, and selecting a real variant ends it.
    @Test func emulation() async {
      await #expect(processExitsWith: .success) {
        let hasAVX512 = [InstructionSet.avx512, .amx].contains(.best)
        #expect(InstructionSet.selectEmulatedAMX() == hasAVX512)
        #expect(InstructionSet.current == (hasAVX512 ? .amx : .best))
        try InstructionSet.portable.select()
        #expect(InstructionSet.current == .portable)
        try InstructionSet.best.select()
        #expect(InstructionSet.current == .best)
      }
    }
  }
}
