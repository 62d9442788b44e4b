/// What a line of a conversation asks of the program.
enum ChatCommandLine: Equatable {
  case help
  case clear
  case system(String?)
  case undo
  case regenerate
  case save(String)
  case quit
  case thinking(Bool)
  /// Not for the program.
  case question(String)
  /// A sentence about what cannot be done.
  case mistake(String)

  /// Reads a line; what begins with a slash is a command.
  init(_ line: String) {
    guard line.hasPrefix("/") else {
      self = .question(line)
      return
    }
    let name = String(line.prefix { !$0.isWhitespace })
    let rest = String(line.dropFirst(name.count).drop(while: \.isWhitespace))
    let argument = rest.isEmpty ? nil : rest
    switch (name, argument) {
    case ("/help", _), ("/?", _): self = .help
    case ("/clear", _): self = .clear
    case ("/system", let text): self = .system(text)
    case ("/undo", _): self = .undo
    case ("/regenerate", _): self = .regenerate
    case ("/save", let file?): self = .save(file)
    case ("/save", nil): self = .mistake("/save needs the name of a file")
    case ("/quit", _), ("/exit", _): self = .quit
    case ("/think", nil): self = .thinking(true)
    case ("/no_think", nil): self = .thinking(false)
    default:
      self = .mistake("\(name) is no command; /help lists them, and a space before the slash makes it a question")
    }
  }

  static let helpText = """
    /help          this list
    /clear         begin again; the system prompt stays
    /system TEXT   begin again with another system prompt; without a text, show it
    /undo          take back the last question and its answer
    /regenerate    answer the last question again, with another seed
    /save FILE     write the conversation as JSON
    /think         let the model think before it answers, where its template can (enable_thinking)
    /no_think      answer at once
    /quit          leave; so does Ctrl-D
    A line that ends in \\ goes on in the next; \"\"\" begins and ends a text of several lines.
    Ctrl-C stops an answer.

    """
}
