import Tensors
import Testing

/// All tests of the engine, one after another: they keep every core busy themselves.
///
/// The kernel variant and the number of threads belong to the whole process, in which the tests of other targets run
/// too. Every test that changes one of them therefore runs in a process of its own (an exit test).
@Suite(.serialized) enum EngineTests {}

/// Runs `body` in every kernel variant that this machine has, and in AMX with its tile unit in plain C.
func inEachVariant(_ body: (_ variant: String) throws -> Void) rethrows {
  for variant in InstructionSet.allCases {
    do { try variant.select() } catch { continue }
    try body(variant.rawValue)
  }
  if InstructionSet.selectEmulatedAMX() { try body("emulated amx") }
  do { try InstructionSet.best.select() } catch { Issue.record("the best variant cannot be selected: \(error)") }
}
