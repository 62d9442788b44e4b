import ChatTemplates
import Testing

/// What the assistant writes is known by its place in the text.
@Suite struct GenerationTests {
  private func pieces(_ chat: RenderedChat) -> [String] {
    let bytes = Array(chat.text.utf8)
    return chat.generations.map { String(decoding: bytes[$0.bytes], as: UTF8.self) }
  }

  @Test func spansCountScalarsAndBytes() throws {
    let chat = try render(
      "é👩{% generation %}ü{{ 1 }}{% endgeneration %}世{% generation %}{% endgeneration %}x{% generation %}z{% endgeneration %}"
    )
    #expect(chat.text == "é👩ü1世xz")
    #expect(chat.generations.map(\.scalars) == [2..<4, 5..<5, 6..<7])
    #expect(chat.generations.map(\.bytes) == [6..<9, 12..<12, 13..<14])
    #expect(pieces(chat) == ["ü1", "", "z"])
  }

  @Test func blocksWithinABlockBelongToIt() throws {
    let chat = try render("a{% generation %}b{% generation %}c{% endgeneration %}d{% endgeneration %}")
    #expect(pieces(chat) == ["bcd"] && chat.unplacedGenerations == 0)
  }

  @Test func whatAMacroReturnsHasNoPlace() throws {
    let macro = try render("{% macro m() %}{% generation %}b{% endgeneration %}{% endmacro %}a{{ m() }}")
    #expect(macro.text == "ab" && macro.generations.isEmpty && macro.unplacedGenerations == 1)
    let block = try render("{% set x %}{% generation %}b{% endgeneration %}{% endset %}a{{ x }}")
    #expect(block.generations.isEmpty && block.unplacedGenerations == 1)
  }

  @Test func templatesSayWhetherTheyMark() throws {
    #expect(try ChatTemplate(source: "{%- generation -%}{%- endgeneration -%}").marksGenerations)
    #expect(try !ChatTemplate(source: "{# {% generation %} #}").marksGenerations)
  }
}
