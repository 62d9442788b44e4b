import Formats
import TestSupport
import Testing

@Suite struct GzipTests {
  private let text = Array(
    (String(repeating: "first member\n", count: 100) + String(repeating: "second: größe\n", count: 100)).utf8)

  @Test(arguments: [1, 7, 1299, 1300, 1301, 1 << 16])
  func readsAllMembersInPiecesOfAnySize(_ size: Int) throws {
    let reader = try GzipReader(golden("two-members.gz"))
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
    defer { piece.deallocate() }
    var output: [UInt8] = []
    while true {
      let count = try reader.read(into: piece)
      if count == 0 { break }
      output += piece[..<count]
    }
    #expect(output == text)
    #expect(try reader.read(into: piece) == 0)
  }

  @Test func everyTruncationIsNoticed() throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(golden("two-members.gz"))
    var whole = 0
    for count in 2..<bytes.count {
      let path = try folder.file("cut.gz", Array(bytes[..<count]))
      do {
        // A cut between two members leaves a file that is whole in itself.
        #expect(try GzipReader.contents(ofFile: path).count == 1300)
        whole += 1
      } catch {
        #expect("\(error)".hasPrefix("\(path) "))
      }
    }
    #expect(whole == 1)
  }

  @Test func damageIsNamed() throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(golden("two-members.gz"))
    var random = SeededGenerator(state: 2)
    for _ in 0..<500 {
      let path = try folder.file("bad.gz", mutated(bytes, &random))
      guard let output = try? GzipReader.contents(ofFile: path) else { continue }
      // What survives a change unnoticed can only be a field that says nothing about the data, or whole members.
      #expect(output == text || output == Array(text[..<1300]))
    }
    let path = try folder.file("plain.gz", Array("hello".utf8))
    #expect(
      sentence { _ = try GzipReader(path) } == "\(path) is not a gzip file: it does not begin with the bytes 1f 8b")
    let trailing = try folder.file("trailing.gz", bytes + [0, 0, 0])
    #expect(try GzipReader.contents(ofFile: trailing) == text)
    let garbage = try folder.file("garbage.gz", bytes + [1, 2, 3])
    #expect(sentence { _ = try GzipReader.contents(ofFile: garbage) }.contains("holds bytes after its gzip data"))
  }
}
