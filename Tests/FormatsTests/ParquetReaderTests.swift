import Formats
import Foundation
import OrderedCollections
import TestSupport
import Testing

let hasZstandard = dlopen("libzstd.so.1", RTLD_NOW) != nil

/// The rows that a golden file holds, as the reference implementation reads them.
func goldenRows(_ name: String) throws -> [JSON] {
  let path = try golden("parquet/\(name).jsonl")
  return try TextFile.read(path).split(separator: "\n").map { try JSON.parse(String($0), name: path) }
}

@Suite struct ParquetReaderTests {
  @Test(arguments: ["types", "required", "nested", "encodings"])
  func readsWhatTheReferenceWrote(_ name: String) throws {
    #expect(try ParquetFile.rows(ofFile: golden("parquet/\(name).parquet")) == goldenRows(name))
  }

  @Test(.enabled(if: hasZstandard)) func readsZstandardAndListsOfTheOlderForm() throws {
    #expect(try ParquetFile.rows(ofFile: golden("parquet/old_lists.parquet")) == goldenRows("old_lists"))
  }

  @Test func tellsColumnsAndRowsWithoutReadingValues() throws {
    let file = try ParquetFile(golden("parquet/nested.parquet"))
    #expect(file.rowCount == 8)
    #expect(file.columns.map(\.name) == ["id", "list", "lists", "struct", "structs", "map"])
    #expect(
      file.columns.map(\.type) == [
        "int64", "list of int64", "list of list of string",
        "struct of label: list of string, deep: struct of x: int64, y: string",
        "list of struct of label: list of string, deep: struct of x: int64, y: string",
        "list of struct of key: string, value: int32",
      ])
    #expect(file.createdBy?.hasPrefix("parquet-cpp-arrow") == true)
    #expect(try ParquetFile(golden("parquet/required.parquet")).columns.allSatisfy { !$0.isOptional })
  }

  @Test func choosesColumnsAndRowGroups() throws {
    let path = try golden("parquet/types.parquet")
    let file = try ParquetFile(path)
    let wanted = try goldenRows("types")
    #expect(file.groupCount == 3 && file.rowCount(ofGroup: 1) == 2)
    let rows = try file.rows(columns: ["text", "boolean"], groups: 1..<2)
    for row in wanted[2..<4] {
      #expect(try rows.next() == ["boolean": row["boolean"] ?? nil, "text": row["text"] ?? nil])
    }
    #expect(try rows.next() == nil)
    #expect(try rows.next() == nil)
    #expect(
      sentence { _ = try file.rows(columns: ["txt"]) }.hasPrefix(
        "\(path): the column \"txt\" is not in the file; it has boolean, text, bytes"))
    let none = try file.rows(columns: [])
    #expect(try none.next() == [:])
  }

  @Test func otherFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(golden("parquet/required.parquet"))
    func refusal(_ bytes: [UInt8]) throws -> String {
      let path = try folder.file("x.parquet", bytes)
      let text = sentence { _ = try ParquetFile.rows(ofFile: path) }
      #expect(text.hasPrefix("\(path): the "))
      return text
    }
    #expect(try refusal([]).hasSuffix("is not a Parquet file: it does not begin with PAR1"))
    #expect(try refusal(Array("{\"text\": \"no Parquet\"}".utf8)).hasSuffix("it does not begin with PAR1"))
    #expect(try refusal(Array(bytes.dropLast(3))).hasSuffix("is cut short: it does not end with PAR1"))
    #expect(try refusal(Array(bytes.dropLast(4)) + Array("PARE".utf8)).contains("encrypted"))
    var long = bytes
    long.replaceSubrange(bytes.count - 8..<bytes.count - 4, with: [255, 255, 255, 127])
    #expect(try refusal(long).contains("claims a footer of 2147483647 bytes"))
    var empty = bytes
    empty.replaceSubrange(bytes.count - 8..<bytes.count - 4, with: [0, 0, 0, 0])
    #expect(try refusal(empty).hasSuffix("is cut short at byte 0"))
  }

  @Test(arguments: ["types", "required", "nested", "encodings"])
  func mutatedFilesAreRefusedOrRead(_ name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(golden("parquet/\(name).parquet"))
    var random = SeededGenerator(state: 5)
    var refused = 0
    for _ in 0..<1500 {
      let path = try folder.file("x.parquet", mutated(bytes, &random))
      do {
        let rows = try ParquetFile(path).rows()
        do {
          for _ in 0..<1000 where try rows.next() == nil { break }
        } catch {
          #expect(sentence { _ = try rows.next() } == "\(error)")
          throw error
        }
      } catch {
        #expect("\(error)".hasPrefix(path))
        refused += 1
      }
    }
    #expect(refused > 300)
  }
}
