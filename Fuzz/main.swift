// Throws bytes at one parser for a while, led by which of its branches they reach (libFuzzer, part of the toolchain).
// Built and run by scripts/check/fuzz.sh, never with the package itself.
//
//   Fuzz                            names the parsers
//   Fuzz PARSER FILE                runs it once, as on an input that crashed
//   Fuzz PARSER SECONDS FOLDER      FOLDER keeps the inputs that reached something new, and those that crashed
import Formats
import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The parser that the process was started for.
nonisolated(unsafe) var chosen: ParserCase?

func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

func runOnce(_ bytes: UnsafeBufferPointer<UInt8>) {
  do {
    try chosen?.parse(bytes)
  } catch let contradiction as Contradiction {
    say(contradiction.sentence)
    abort()
  } catch {
    // A refusal is what broken bytes should meet; its sentence is made too, since making it may fail.
    blackHole(error)
  }
}

@inline(never) func blackHole(_ error: any Error) { if "\(error)".isEmpty { say("an error without a sentence") } }

let given = CommandLine.arguments
guard given.count >= 3, let parser = parsers.first(where: { $0.name == given[1] }) else {
  print(parsers.map(\.name).joined(separator: "\n"))
  exit(given.count == 1 ? 0 : 2)
}
chosen = parser

if given.count == 3 {
  do {
    try MappedFile(given[2]).withBytes { try parser.parse($0) }
    say("\(given[2]) was read")
  } catch {
    say("\(error)")
  }
  exit(0)
}

let corpus = given[3].appendingPath("corpus")
try Paths.createFolder(corpus)
try parser.writeSeeds(to: corpus)
let options = [
  given[0], "-max_total_time=\(given[2])", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536",
  "-print_final_stats=1",
  "-artifact_prefix=\(given[3])/", "-verbosity=1", corpus,
]
let words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: options.count + 1)
for (place, option) in options.enumerated() { words[place] = strdup(option) }
words[options.count] = nil
var count = CInt(options.count)
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = words
exit(
  runFuzzer(&count, &arguments) { start, count in
    runOnce(UnsafeBufferPointer(start: start, count: count))
    return 0
  })
