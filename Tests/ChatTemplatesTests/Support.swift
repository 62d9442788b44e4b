import ChatTemplates
import Formats
import Foundation
import Testing

/// The golden files, written by scripts/golden/chat_templates.py.
enum Golden {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name)
  }

  static func json(_ name: String) throws -> JSON { try JSON.parse(contentsOfFile: path(name)) }

  /// The moment that the golden files were rendered at: 31 January 2026, 12:34:56 in the local time zone.
  static var now: Date {
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec) = (126, 0, 31, 12, 34, 56)
    parts.tm_isdst = -1
    return Date(timeIntervalSince1970: TimeInterval(mktime(&parts)))
  }
}

/// Renders one line of a user with a template.
func render(
  _ source: String, _ variables: [String: JSON] = [:], limits: ChatTemplateLimits = ChatTemplateLimits()
) throws -> RenderedChat {
  try ChatTemplate(source: source, limits: limits).render(
    messages: [["role": "user", "content": "Hi"]], variables: variables, now: Golden.now)
}

/// The error that a template ends in.
func failure(
  _ source: String, _ variables: [String: JSON] = [:], limits: ChatTemplateLimits = ChatTemplateLimits(),
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> ChatTemplateError {
  try #require(
    throws: ChatTemplateError.self, sourceLocation: sourceLocation,
    performing: { try render(source, variables, limits: limits) })
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory().appendingPath("chat-templates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ text: String) throws {
    let file = path.appendingPath(name)
    try Paths.createFolder(file.parentPath)
    try AtomicFile.write(text, to: file)
  }
}
