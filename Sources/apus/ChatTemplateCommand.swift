import ArgumentParser

/// `apus chat-template`
struct ChatTemplateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat-template",
    abstract: "See what a chat template makes of conversations.",
    subcommands: [ChatTemplateRenderCommand.self])
}
