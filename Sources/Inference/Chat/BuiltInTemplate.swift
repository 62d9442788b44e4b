public import ChatTemplates

/// Chat templates for models that bring none.
public enum BuiltInTemplate: String, CaseIterable, Sendable {
  /// OpenAI's chat markup: each turn between `<|im_start|>ROLE` and `<|im_end|>`.
  case chatml

  /// The template.
  /// - Throws: never for those here; reading a template may.
  public func template() throws -> ChatTemplate { try ChatTemplate(source: source, name: rawValue) }

  private var source: String {
    switch self {
    case .chatml:
      """
      {% for turn in messages %}<|im_start|>{{ turn.role }}
      {{ turn.content }}<|im_end|>
      {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
      {% endif %}
      """
    }
  }
}
