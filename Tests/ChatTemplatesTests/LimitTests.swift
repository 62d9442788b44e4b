import ChatTemplates
import Testing

/// Endless, deep and hostile templates end in an error that names the line, never in a crash or a full memory.
@Suite struct LimitTests {
  private func expectLimit(
    _ source: String, line: Int? = nil, limits: ChatTemplateLimits = ChatTemplateLimits(steps: 2_000_000),
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try failure(source, limits: limits, sourceLocation: sourceLocation)
    #expect(error.kind == .limit, "\(error)", sourceLocation: sourceLocation)
    if let line { #expect(error.line == line, "\(error)", sourceLocation: sourceLocation) }
  }

  @Test func loopsEnd() throws {
    let loops =
      (0..<4).map { "{% for i\($0) in range(1000) %}" }.joined() + "x" + String(repeating: "{% endfor %}", count: 4)
    try expectLimit("\n\n" + loops)
    try expectLimit("{{ range(100001) }}")
    try expectLimit(
      "{% for x in range(99999) %}{% for y in range(99999)|map('string')|select %}{% endfor %}{% endfor %}")
    try expectLimit("{{ range(9000000000000000000) }}")
    try expectLimit("{{ range(-9223372036854775807, 9223372036854775807) }}")
  }

  @Test func macrosDoNotCallThemselvesForever() throws {
    try expectLimit("a\n{% macro m() %}\n{{ m() }}\n{% endmacro %}{{ m() }}", line: 3)
    try expectLimit("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}")
    try expectLimit("{% macro m(x=m()) %}{% endmacro %}{{ m() }}")
    try expectLimit("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{{ caller }}{% endmacro %}{{ m() }}")
    try expectLimit("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")
    // Every call goes through as much of an expression as the language allows.
    let deep = String(repeating: "(", count: 60) + "m()" + String(repeating: ")", count: 60)
    let brackets = String(repeating: "[", count: 60) + "m()" + String(repeating: "]", count: 60)
    try expectLimit("{% macro m() %}{{ \(deep) }}{% endmacro %}{{ m() }}")
    try expectLimit("{% macro m() %}{{ \(brackets) }}{% endmacro %}{{ m() }}")
    let blocks = String(repeating: "{% if 1 %}", count: 60) + "{{ m() }}" + String(repeating: "{% endif %}", count: 60)
    try expectLimit("{% macro m() %}\(blocks)\(blocks)\(blocks){% endmacro %}{{ m() }}")
    let filters = "m()" + String(repeating: "|trim", count: 60)
    try expectLimit("{% macro m() %}{{ \(filters) }}{% endmacro %}{{ m() }}")
  }

  @Test func textsStaySmall() throws {
    let small = ChatTemplateLimits(steps: 1_000_000, textBytes: 1 << 20)
    try expectLimit(
      "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      limits: small)
    try expectLimit(
      "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(64) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
      limits: small)
    try expectLimit(
      "{% set ns = namespace(s='xx') %}{% for i in range(64) %}{% set ns.s = ns.s|replace('x', 'xxxxxxxx') %}{% endfor %}",
      limits: small)
    try expectLimit(
      "{% set ns = namespace(s='xx') %}{% for i in range(64) %}{% set ns.s = ns.s.join([ns.s, ns.s, ns.s]) %}{% endfor %}",
      limits: small)
    try expectLimit(
      "{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", limits: small)
    for expression in [
      "'x' * 9000000000", "9000000000000000000 * 'ab'", "[1] * 9000000000", "'x'.center(9000000000)",
      "'%9000000000d' % 1",
      "'{:9000000000}'.format(1)", "'%*d' % (9000000000, 1)", "'x'|indent(9000000000)", "'x'.zfill(900000000000)",
      "[1]|tojson(indent=9000000000)", "'\\t'.expandtabs(9000000000)", "2 ** 64", "9223372036854775807 + 1",
      "-9223372036854775807 - 2", "9223372036854775807 * 2", "1e300|int", "'%.9000000000f' % 1.0",
    ] { try expectLimit("{{ \(expression) }}", limits: small) }
    try expectLimit(
      "{% for i in range(99999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}", limits: small)
  }

  @Test func valuesDoNotNestForever() throws {
    for change in [
      "[ns.v]", "(ns.v,)", "{'k': ns.v}", "[ns.v]|map('list')", "ns.v|map('string')", "[ns.v]|batch(2)", "[ns.v].copy",
    ] {
      let error = try failure(
        "{% set ns = namespace(v=[]) %}{% for i in range(99999) %}{% set ns.v = \(change) %}{% endfor %}")
      #expect(error.kind == .limit, "\(change): \(error)")
    }
    // A chain of namespaces is no nesting, and goes away without one either.
    let chain =
      "{% set ns = namespace(v=none) %}{% for i in range(99999) %}{% set ns.v = namespace(v=ns.v) %}{% endfor %}ok"
    #expect(try render(chain).text == "ok")
    let cycle = "{% set ns = namespace() %}{% set ns.v = ns %}{{ ns }}"
    #expect(try failure(cycle).kind == .limit)
  }

  @Test func sourcesDoNotNestForever() throws {
    for (open, close) in [
      ("(", ")"), ("[", "]"), ("{1: ", "}"), ("not ", ""), ("- ", ""), ("f(", ")"), ("a[", "]"), ("1 if ", " else 2"),
    ] {
      let source =
        "{{ " + String(repeating: open, count: 20_000) + "1" + String(repeating: close, count: 20_000) + " }}"
      #expect(try failure(source).kind == .syntax, "\(open)")
    }
    for chain in [".a", "[0]", "()", "|upper", " is defined is defined"] {
      #expect(try failure("{{ a" + String(repeating: chain, count: 20_000) + " }}").kind == .syntax, "\(chain)")
    }
    for block in [
      "{% if 1 %}", "{% for x in y %}", "{% macro m() %}", "{% filter upper %}", "{% generation %}", "{% set x %}",
    ] {
      #expect(try failure(String(repeating: block, count: 20_000)).kind == .syntax, "\(block)")
    }
    let long = "{{ 1" + String(repeating: " + 1", count: 20_000) + " }}"
    #expect(try render(long).text == "20001")
    let elifs = "{% if no %}" + (0..<5000).map { "{% elif no\($0) %}" }.joined() + "{% else %}x{% endif %}"
    #expect(try render(elifs).text == "x")
  }

  @Test func limitsTellWhatToLookFor() throws {
    let error = try failure("a\n{% for x in range(9999) %}{{ x }}{% endfor %}", limits: ChatTemplateLimits(steps: 100))
    #expect(error.description == "chat template, line 2: the template took more than 100 steps; does a loop end?")
  }
}
