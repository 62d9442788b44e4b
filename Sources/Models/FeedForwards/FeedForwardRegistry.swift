/// The feed-forward layers that configurations can name.
public enum FeedForwardRegistry {
  /// One line each.
  public static let kinds: [any FeedForwardKind.Type] = [
    DenseFeedForward.self,
    ExpertsFeedForward.self,
    NoFeedForward.self,
  ]
}
