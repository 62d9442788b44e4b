import Formats
import Testing

/// What every command promises: 0 for done, 2 for a command line that makes no sense, 1 for a job that failed.
@Suite struct ExitCodeTests {
  @Test func helpAndVersionAreNoErrors() throws {
    let folder = try TemporaryFolder()
    let version = try folder.run("--version")
    expectSuccess(version)
    #expect(version.output.split(separator: ".").count == 3)
    for command in [[], ["data"], ["data", "prepare"], ["data", "inspect"], ["doctor"], ["bench", "matrix"]] {
      let help = try Command.run(command + ["--help"], in: folder.path)
      expectSuccess(help)
      #expect(help.output.contains("USAGE: apus"), "\(command)")
    }
    #expect(try folder.run("data", "prepare", "--help").output.contains("Example:"))
  }

  @Test func senselessCommandLinesAreMisuse() throws {
    let folder = try TemporaryFolder()
    expectMisuse(try folder.run("trian"), "trian")
    expectMisuse(try folder.run("data", "prepare"), "--tokenizer")
    expectMisuse(try folder.run("data", "inspect"), "folder")
    expectMisuse(try folder.run("doctor", "--no-such"), "--no-such")
    expectMisuse(
      try folder.run("tokenizer", "train", "--input", "a", "--vocab-size", "many", "--output", "o"), "vocab-size",
      "many")
    let prepare = ["data", "prepare", "--tokenizer", "t", "--input", "a", "--output", "o"]
    expectMisuse(try Command.run(prepare + ["--validation", "1.5"], in: folder.path), "--validation", "1.5")
    expectMisuse(try Command.run(prepare + ["--validation", "nan"], in: folder.path), "--validation")
    expectMisuse(try folder.run("data", "inspect", "d", "--length", "0"), "--length", "0")
    expectMisuse(try folder.run("data", "inspect", "d", "--sample=-1"), "--sample", "-1")
    expectMisuse(try folder.run("data", "synthesize", "--output", "w", "--megabytes", "0"), "--megabytes")
    #expect(!folder.exists("o") && !folder.exists("w"))
  }

  @Test func doctorSpeaksJSON() throws {
    let folder = try TemporaryFolder()
    let outcome = try folder.run("doctor", "--json")
    expectSuccess(outcome)
    let object = try JSON.parse(outcome.output)
    #expect((object["threads"]?.intValue ?? 0) == 2)
    #expect((object["memory_bytes"]?.intValue ?? 0) >= (object["available_memory_bytes"]?.intValue ?? 1 << 60))
    #expect((object["free_disk_bytes"]?.intValue ?? 0) > 0)
    for rate in ["bfloat16_flops", "float32_flops", "copy_bytes_per_second"] {
      // Between a very slow interpreter and any processor yet built.
      let value = object["rates"]?[rate]?.doubleValue ?? 0
      #expect(value > 1e7 && value < 1e16, "\(rate): \(value)")
    }
    #expect(object["libraries"]?[0]?["name"]?.stringValue == "libz.so.1")
  }
}
