import Evaluation
import Formats
import Testing

/// Python is not on every machine that builds Apus.
private let hasPython = Probe.isProtected && (try? PythonSandbox()) != nil

@Suite(.enabled(if: hasPython, "Python 3 and a kernel with Landlock and seccomp"))
struct PythonScorerTests {
  private let question: JSON = [
    "prompt": "def double(x):\n    \"\"\"Twice x.\"\"\"\n", "entry_point": "double",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n",
  ]

  private func scores(_ completions: String..., options: JSON = ["timeout": 30]) throws -> [AnswerScore] {
    try PythonScorer(options: options).scores(question: question, reference: .null, completions: completions)
  }

  @Test func humanEvalJoinsPromptCompletionAndTest() throws {
    let scores = try scores("    return x + x\n", "    return 4\n", "    return x * 2", "    retrn x")
    #expect(scores.map { $0.values["pass"] } == [1, 0, 1, 0])
    #expect(scores[1].note == "AssertionError")
    #expect(scores[3].note?.hasPrefix("SyntaxError") == true)
  }

  @Test func leavingEarlyIsNotPassing() throws {
    let scores = try scores(
      "    import sys; sys.exit(0)", "    import os; os._exit(0)", "    return x + x\nraise SystemExit(0)",
      "    return x + x\nimport os\nos.write(3, b'passed')\nos._exit(0)")
    #expect(scores.allSatisfy { $0.values["pass"] == 0 })
    #expect(scores[1].note == "left before its end")
  }

  @Test func mainPartsDoNotRunAndPrintingDoesNotHurt() throws {
    let scores = try scores(
      "    print('x' * 1000)\n    return x + x\nif __name__ == '__main__':\n    raise ValueError",
      "    print('x' * 10**7)\n    return x + x")
    #expect(scores.map { $0.values["pass"] } == [1, 1])
  }

  @Test func limitsEndAProgramAndSayWhich() throws {
    let loop = try scores("    while True: pass", options: ["timeout": 1])
    #expect(loop[0].note == "out of time (1.0 s)")
    let memory = try scores(
      "    return [0] * 10**10 and x + x", "    return x + x", options: ["timeout": 30, "memory_mb": 256])
    #expect(memory[0].note == "MemoryError")
    #expect(memory[1].values["pass"] == 1)
  }

  @Test func programsAreLockedIn() throws {
    let notes = try scores(
      "    import socket; socket.socket()", "    open('/etc/hostname').read()", "    open('/tmp/apus-left-here', 'w')",
      "    import os; os.fork()", "    import subprocess; subprocess.run(['/bin/true'])",
      "    import os; os.listdir('/proc/1')", "    import os; os.kill(os.getppid(), 9)", "    input()"
    ).map(\.note)
    #expect(notes.dropLast().allSatisfy { $0?.hasPrefix("PermissionError") == true }, "\(notes)")
    #expect(notes.last == "EOFError: EOF when reading a line")
    #expect(!Paths.exists("/tmp/apus-left-here"))
  }

  @Test func whatProgramsNeedWorks() throws {
    let body = """
          import asyncio, decimal, hashlib, json, math, random, re, tempfile, threading, zlib
          with open('own.txt', 'w') as file: file.write('mine')
          with tempfile.TemporaryFile() as file: file.write(b'1')
          async def later(): await asyncio.sleep(0); return 1
          assert asyncio.run(later()) == 1
          thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
          return json.loads(json.dumps(open('own.txt').read() and x + x))
      """
    #expect(try scores(body)[0] == AnswerScore(values: ["pass": 1]))
  }

  @Test func mbppRunsTheTestsAfterTheProgram() throws {
    let question: JSON = [
      "text": "Write a function to add two numbers.", "test_setup_code": "import math",
      "test_list": ["assert add(1, 2) == 3", "assert add(math.pi, 0) == math.pi"],
    ]
    let scores = try PythonScorer(options: ["style": "mbpp", "timeout": 30]).scores(
      question: question, reference: .null,
      completions: ["def add(a, b):\r\n  return a + b", "def add(a, b): return 3", ""])
    #expect(scores.map { $0.values["pass"] } == [1, 0, 0])
    #expect(scores[2].note == "NameError: name 'add' is not defined")
  }

  @Test func badOptionsAndQuestionsAreNamed() throws {
    #expect(
      sentence { _ = try PythonScorer(options: ["timeuot": 3]) }
        == "the scorer \"python\" has no option \"timeuot\"; it has style, timeout, memory_mb, interpreter, unsafe")
    #expect(sentence { _ = try PythonScorer(options: ["style": "other"]) }.contains("one of humaneval, mbpp"))
    #expect(sentence { _ = try PythonScorer(options: ["timeout": 0]) }.contains("a number from 0.1"))
    #expect(sentence { _ = try PythonScorer(options: ["interpreter": "no-python"]) }.contains("no-python is none"))
    #expect(
      sentence {
        _ = try PythonScorer(options: .object([:])).scores(
          question: ["prompt": "x"], reference: .null, completions: [""])
      }.contains("no text under \"test\""))
  }
}
