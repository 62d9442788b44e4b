import Formats
import Foundation
import TestSupport
import Testing

@Suite struct FileTests {
  @Test func writerReplacesOnlyOnCommit() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a.txt", Array("old".utf8))
    do {
      let writer = try FileWriter(path, bufferSize: 4)
      try writer.write("new content, longer than the buffer")
      #expect(try contents(path) == Array("old".utf8))
      #expect(try Paths.names(inFolder: folder.path).count == 2)
      try writer.commit()
    }
    #expect(try contents(path) == Array("new content, longer than the buffer".utf8))
    #expect(try Paths.names(inFolder: folder.path) == ["a.txt"])
  }

  @Test func discardedWriterLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a.txt", Array("old".utf8))
    do {
      let writer = try FileWriter(path)
      try writer.write([1, 2, 3])
    }
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try AtomicFile.write(to: path) { writer in
        try writer.write([1])
        throw Stop()
      }
    }
    #expect(try contents(path) == Array("old".utf8))
    #expect(try Paths.names(inFolder: folder.path) == ["a.txt"])
  }

  @Test func piecesAreReadWhereTheyLie() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", (0..<200).map { UInt8($0) })
    let file = try RandomAccessFile(path)
    func bytes(_ offset: Int, _ count: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      try bytes.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
      return bytes
    }
    #expect(file.byteCount == 200)
    #expect(try bytes(3, 4) == [3, 4, 5, 6] && bytes(196, 4) == [196, 197, 198, 199] && bytes(200, 0) == [])
    try #require(truncate(path, 198) == 0)
    #expect(sentence { _ = try bytes(196, 4) } == "\(path) ends at byte 198 of 200: it was cut short while it was in use")
    #expect(sentence { _ = try RandomAccessFile(folder.path) } == "\(folder.path) is not a regular file")
    #expect(sentence { _ = try RandomAccessFile(path + "x") }.contains("cannot be opened"))
  }

  @Test func bufferedWritesKeepTheirOrder() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(state: 5)
    var expected: [UInt8] = []
    let path = folder.path.appendingPath("b")
    try AtomicFile.write(to: path) { _ in }
    let writer = try FileWriter(path, bufferSize: 100)
    for _ in 0..<300 {
      let piece = (0..<Int.random(in: 0..<250, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      try writer.write(piece)
      expected += piece
    }
    #expect(writer.byteCount == expected.count)
    try writer.commit()
    #expect(try contents(path) == expected)
  }

  @Test func failuresNameThePath() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path.appendingPath("no/such/file")
    #expect(
      sentence { try AtomicFile.write("x", to: missing) } == "\(missing) cannot be written: No such file or directory")
    let occupied = folder.path.appendingPath("folder")
    try Paths.createFolder(occupied.appendingPath("inside"))
    #expect(sentence { try AtomicFile.write("x", to: occupied) }.hasPrefix("\(occupied) cannot be put in place: "))
    #expect(try Paths.names(inFolder: folder.path) == ["folder"])
    #expect(sentence { _ = try MappedFile(occupied) } == "\(occupied) is not a regular file")
    #expect(throws: FileError.self) { try MappedFile(missing) }
    #expect(throws: FileError.self) { try Paths.names(inFolder: missing) }
    #expect(throws: FileError.self) { try Paths.size(ofFile: missing) }
  }

  @Test func emptyFilesAreFine() throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(try folder.file("empty"), advice: .random)
    #expect(file.bytes.isEmpty)
    file.advise(.willNeed)
  }

  @Test func mappingOutlivesReplacement() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", Array("first".utf8))
    let file = try MappedFile(path)
    try AtomicFile.write("second", to: path)
    #expect(file.withBytes { Array($0) } == Array("first".utf8))
  }

  @Test func folderAppearsWholeOrNotAtAll() throws {
    let parent = try TemporaryFolder()
    let path = parent.path.appendingPath("deep/step-10")
    do {
      let folder = try AtomicFolder(path + "/")
      try AtomicFile.write("x", to: folder.partialPath.appendingPath("a"))
    }
    #expect(try Paths.names(inFolder: path.parentPath).isEmpty)
    for (text, replacing) in [("one", false), ("two", true)] {
      let folder = try AtomicFolder(path)
      try Paths.createFolder(folder.partialPath.appendingPath("sub"))
      try AtomicFile.write(text, to: folder.partialPath.appendingPath("sub/a"))
      try folder.commit(replacing: replacing)
      #expect(try contents(path.appendingPath("sub/a")) == Array(text.utf8))
    }
    let folder = try AtomicFolder(path)
    #expect(sentence { try folder.commit() }.hasPrefix("\(path) cannot be put in place: "))
    #expect(try contents(path.appendingPath("sub/a")) == Array("two".utf8))
    #expect(try Paths.names(inFolder: path.parentPath) == ["step-10"])
  }

  @Test func fullDiskIsNamedAndLosesNothing() throws {
    let folder = try TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=65536") == 0 else {
      // Only root may mount; the same path is then covered by the error of an unwritable folder above.
      return
    }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let path = try folder.file("model", Array("old".utf8))
    let text = sentence { try AtomicFile.write([UInt8](repeating: 1, count: 1_000_000), to: path) }
    #expect(text.hasPrefix("\(path) cannot be written ("))
    #expect(text.hasSuffix(" of 1000000 bytes were still to come): No space left on device"))
    #expect(try contents(path) == Array("old".utf8))
    #expect(try Paths.names(inFolder: folder.path) == ["model"])
  }

  @Test func pathParts() {
    #expect("a".appendingPath("b") == "a/b")
    #expect("a/".appendingPath("b") == "a/b")
    #expect("".appendingPath("b") == "b")
    #expect("/a/b.txt".lastPathPart == "b.txt")
    #expect("/a/b/".lastPathPart == "b")
    #expect("/".lastPathPart == "/")
    #expect("/a/b/".parentPath == "/a")
    #expect("/a".parentPath == "/")
    #expect("a".parentPath == ".")
  }

  @Test func sha256MatchesTheStandard() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("abc", Array("abc".utf8))
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(try SHA256Digest.hex(ofFile: path) == expected)
    var digest = SHA256Digest()
    digest.update([0x61])
    digest.update([0x62, 0x63])
    #expect(digest.hex() == expected)
    let prefix = Array("abc".utf8).withUnsafeBytes { SHA256Digest.prefix128(of: $0) }
    #expect(prefix.high == 0xba78_16bf_8f01_cfea && prefix.low == 0x4141_40de_5dae_2223)
    #expect(
      try SHA256Digest.hex(ofFile: try folder.file("empty"))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
