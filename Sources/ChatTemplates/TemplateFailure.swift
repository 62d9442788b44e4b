/// Why a template could not go on, before its place is known.
struct TemplateFailure: Error {
  var kind: ChatTemplateError.Kind
  var problem: String
  var line: Int?

  init(_ problem: String, kind: ChatTemplateError.Kind = .failed, line: Int? = nil) {
    self.kind = kind
    self.problem = problem
    self.line = line
  }
}
