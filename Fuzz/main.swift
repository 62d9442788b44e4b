// Throws bytes at one parser for a while, led by which of its branches they reach (libFuzzer, part of the toolchain).
// Built and run by scripts/check/fuzz.sh, never with the package itself.
//
//   Fuzz                            names the parsers
//   Fuzz PARSER FILE                runs it once, as on an input that crashed
//   Fuzz PARSER SECONDS FOLDER      FOLDER keeps the inputs that reached something new, and those that crashed
//
// Run it in the repository's root, where the seeds are. Seconds are the processor's, so a busy machine tries no fewer
// inputs. A parser may take ten of them for one input, and three GiB of addresses.
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

/// Seconds that the process has computed.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// When the fuzzer has computed enough.
nonisolated(unsafe) var end = Double.infinity

func runOnce(_ bytes: UnsafeBufferPointer<UInt8>) {
  let start = processorSeconds()
  // libFuzzer's own limit counts the seconds of the wall; by this signal it ends with its statistics.
  if start >= end { raise(SIGUSR1) }
  defer {
    if processorSeconds() - start > 10 {
      say("the parser took more than ten seconds")
      abort()
    }
  }
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

guard let seconds = Double(given[2]) else {
  say("\(given[2]) is no number of seconds")
  exit(2)
}
let corpus = given[3].appendingPath("corpus")
let words = given[3].appendingPath("words")
try Paths.createFolder(corpus)
try parser.writeSeeds(to: corpus)
try parser.writeWords(to: words)
// A few lying bytes must not make a parser ask for much memory, whether it touches it or not.
var addresses = rlimit(rlim_cur: 3 << 30, rlim_max: 3 << 30)
setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &addresses)
end = processorSeconds() + seconds
var options = [
  given[0], "-timeout=120", "-rss_limit_mb=2048", "-max_len=65536", "-len_control=20", "-print_final_stats=1",
  "-artifact_prefix=\(given[3])/", "-verbosity=1",
]
// libFuzzer takes no dictionary without words.
if !parser.words.isEmpty { options.append("-dict=\(words)") }
options.append(corpus)
let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: options.count + 1)
for (place, option) in options.enumerated() { copies[place] = strdup(option) }
copies[options.count] = nil
var count = CInt(options.count)
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = copies
exit(
  runFuzzer(&count, &arguments) { start, count in
    runOnce(UnsafeBufferPointer(start: start, count: count))
    return 0
  })
