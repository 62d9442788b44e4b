/// The answer that most completions of a question agree on (self-consistency, arXiv:2203.11171).
public enum MajorityVote {
  /// The position of the first completion that gives the most frequent answer; of answers given equally often, the one
  /// that was given first. Completions without an answer do not vote.
  /// - Returns: nil when there is no answer at all.
  public static func winner(_ answers: [String?]) -> Int? {
    var votes: [String: (first: Int, count: Int)] = [:]
    for (index, answer) in answers.enumerated() {
      if let answer { votes[answer, default: (index, 0)].count += 1 }
    }
    return votes.values.max { ($0.count, $1.first) < ($1.count, $0.first) }?.first
  }
}
