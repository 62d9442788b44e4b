import Evaluation
import Formats
import Foundation
import Testing

@Suite(.enabled(if: Probe.isProtected, "this kernel has both Landlock and seccomp"))
struct SandboxTests {
  @Test func outputsInputReportAndStatusArriveAsTheyAre() throws {
    let outcome = try Probe.run("echo", "the report", input: "first\nsecond\n")
    #expect(outcome.end == .exited(0))
    #expect(String(decoding: outcome.output, as: UTF8.self) == "first\nsecond\n")
    #expect(String(decoding: outcome.errors, as: UTF8.self) == "end")
    #expect(String(decoding: outcome.report, as: UTF8.self) == "the report")
    #expect(!outcome.isCut)
    #expect(try Probe.run("exit", "7").end == .exited(7))
    #expect(try Probe.run("signal").end == .signalled(SIGTERM))
  }

  @Test func waitingForInputMeetsItsEnd() throws {
    let outcome = try Probe.run("echo", "")
    #expect(outcome.end == .exited(0))
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: ["loop", "sleep"])
  func timeEndsWhateverDoesNotEnd(what: String) throws {
    let outcome = try Probe.run(what, limits: .init(seconds: 0.3))
    #expect(outcome.end == .outOfTime)
    #expect(outcome.seconds >= 0.3 && outcome.seconds < 15)
  }

  @Test func thereAreNoChildren() throws {
    #expect(Probe.lines(try Probe.run("fork")) == ["fork: refused (Operation not permitted)"])
  }

  @Test func threadsAreBounded() throws {
    #expect(try Probe.run("threads", "10", limits: .init(seconds: 0.5)).end == .outOfTime)
    #expect(try Probe.run("threads", "100000").end == .tooManyThreads)
  }

  @Test func memoryIsBounded() throws {
    var limits = Sandbox.Limits(seconds: 20)
    limits.memoryBytes = 512 << 20
    let outcome = try Probe.run("memory", limits: limits)
    #expect(outcome.end == .exited(0))
    let mebibytes = try #require(Probe.lines(outcome).first?.split(separator: " ").first.flatMap { Int($0) })
    #expect(mebibytes >= 256 && mebibytes < 512)
  }

  @Test func aGibibyteOfTalkIsReadAndDropped() throws {
    let outcome = try Probe.run("talk", limits: .init(seconds: 60))
    #expect(outcome.end == .exited(0))
    #expect(outcome.isCut)
    #expect(outcome.output.count == 1 << 16 && outcome.output.allSatisfy { $0 == UInt8(ascii: "x") })
  }

  @Test func whatIsWrittenIsBounded() throws {
    var limits = Sandbox.Limits(seconds: 30)
    (limits.fileBytes, limits.folderBytes) = (4 << 20, 16 << 20)
    #expect(try Probe.run("write", limits: limits).end == .wroteTooMuch)
    (limits.fileBytes, limits.folderBytes, limits.files) = (0, 16 << 20, 100)
    #expect(try Probe.run("write", limits: limits).end != .exited(1))
  }

  @Test func thereIsNoNetwork() throws {
    let outcome = try Probe.run("sockets")
    #expect(outcome.end == .exited(0))
    #expect(Probe.lines(outcome).count == 7)
    for line in Probe.lines(outcome) { #expect(line.hasSuffix(": refused (Operation not permitted)")) }
  }

  @Test func otherProcessesAreOutOfReach() throws {
    let outcome = try Probe.run("others")
    #expect(outcome.end == .exited(0))
    let lines = Probe.lines(outcome)
    #expect(lines.count == 10)
    for line in lines.dropLast() { #expect(line.hasSuffix(": refused (Operation not permitted)")) }
    #expect(lines.last == "signal itself: allowed")
  }

  @Test func onlyItsOwnFolderCanBeReadAndWritten() throws {
    let folder = try TemporaryFolder()
    let secret = try folder.file("secret", "a password")
    let before = try FileManager.default.attributesOfItem(atPath: secret)
    let outcome = try Probe.run("files", secret)
    #expect(outcome.end == .exited(0))
    let lines = Probe.lines(outcome)
    #expect(lines.count == 18)
    for line in lines {
      let isOwn = line.hasPrefix("write inside") || line.hasPrefix("read inside")
      #expect(line.contains(": refused (") != isOwn, "\(line)")
      #expect(line.hasSuffix(": allowed") == isOwn, "\(line)")
    }
    #expect(try Paths.names(inFolder: folder.path) == ["secret"])
    let after = try FileManager.default.attributesOfItem(atPath: secret)
    #expect(after[.size] as? Int == 10)
    #expect(after[.posixPermissions] as? Int == before[.posixPermissions] as? Int)
  }

  @Test func nothingIsInherited() throws {
    setenv("APUS_TEST_SECRET", "token", 1)
    defer { unsetenv("APUS_TEST_SECRET") }
    let lines = Probe.lines(try Probe.run("environment"))
    #expect(lines.count == 3)
    #expect(lines.first?.hasPrefix("HOME=/") == true)
    #expect(lines.dropFirst().first?.hasPrefix("TMPDIR=/") == true)
    // 0 to 3 are its own, and the next one that it opens is 4.
    #expect(lines.last == "4 descriptors")
  }

  @Test func runsAreIndependentOnManyThreads() throws {
    let program = try Probe.path()
    let sandbox = try Sandbox(readable: Probe.readable(), limits: .init(seconds: 30))
    let outcomes = Outcomes(count: 48)
    DispatchQueue.concurrentPerform(iterations: 48) { i in
      outcomes.set(i, try? sandbox.run(program, arguments: ["echo", "\(i)"], input: Array("input \(i)".utf8)))
    }
    for (i, outcome) in outcomes.all.enumerated() {
      #expect(outcome.map { String(decoding: $0.output, as: UTF8.self) } == "input \(i)")
      #expect(outcome.map { String(decoding: $0.report, as: UTF8.self) } == "\(i)")
    }
  }

  @Test func aMissingProgramIsNamed() throws {
    let sentence = sentence { _ = try Sandbox().run("/no/such/program") }
    #expect(sentence.contains("/no/such/program cannot be started in the sandbox: execve: No such file"))
  }

  @Test func noFolderIsLeftBehind() throws {
    let temporary = NSTemporaryDirectory()
    func folders() throws -> Set<String> {
      Set(try Paths.names(inFolder: temporary).filter { $0.hasPrefix("apus-program-") })
    }
    let before = try folders()
    _ = try Probe.run("files", "/none")
    _ = try Probe.run("loop", limits: .init(seconds: 0.1))
    // Those of other tests, which run beside this one, go in their time.
    let new = try folders().subtracting(before)
    for _ in 0..<600 where !(try folders()).isDisjoint(with: new) { usleep(100_000) }
    #expect(try folders().isDisjoint(with: new))
  }

  private final class Outcomes: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [SandboxOutcome?]
    init(count: Int) { values = Array(repeating: nil, count: count) }
    func set(_ index: Int, _ outcome: SandboxOutcome?) { lock.withLock { values[index] = outcome } }
    var all: [SandboxOutcome?] { lock.withLock { values } }
  }
}

struct SandboxAvailabilityTests {
  @Test(.enabled(if: !Probe.isProtected, "this kernel lacks a protection"))
  func aMachineWithoutProtectionsIsRefusedByName() throws {
    let missing = try #require(Sandbox.missingProtections.first)
    #expect(sentence { _ = try Sandbox() }.contains(missing.rawValue))
    let program = try Probe.path()
    let unsafe = try Sandbox(readable: Probe.readable(), allowsMissingProtections: true)
    #expect(try unsafe.run(program, arguments: ["exit", "3"]).end == .exited(3))
  }
}
