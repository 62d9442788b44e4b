import Foundation
import Testing

/// `apus convert` as a person runs it.
@Suite struct ConvertTests {
  @Test func badInputEndsInOneSentence() throws {
    let folder = try TemporaryFolder()
    expectFailure(try folder.run("convert", "nowhere", "out"), "nowhere")
    try folder.file("broken.gguf", Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 255, count: 64))
    expectFailure(try folder.run("convert", "broken.gguf", "out"), "broken.gguf", "more than")
    expectFailure(try folder.run("generate", "broken.gguf", "--prompt", "a"), "broken.gguf")
    expectFailure(try folder.run("model", "params", "broken.gguf"), "broken.gguf")
    try folder.file("text.gguf", "no model")
    expectFailure(try folder.run("convert", "text.gguf", "out"), "text.gguf", "no GGUF file")
    let usage = try folder.run("convert", "broken.gguf", "out", "--dtype", "q3")
    #expect(usage.code == 2)
    #expect(usage.complaint.contains("q3"))
    #expect(try folder.run("convert", "broken.gguf", "out", "--shard-size", "many").code == 2)
    #expect(!folder.exists("out"))
  }
}
