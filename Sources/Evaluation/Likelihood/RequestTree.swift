/// The requests of one question as a tree: what all inputs begin with, then what each goes on with.
///
/// The beginning goes through the model once. Requests of equal input, such as letters after a question, share a
/// branch, and for one-token continuations there is no branch at all.
struct RequestTree {
  /// A row of hidden states and the token that it should predict.
  struct Target {
    /// Which of the question's requests it belongs to.
    let request: Int
    /// Row among the tokens of its part.
    let row: Int
    let token: Int32
  }
  /// Tokens that go through the model together.
  struct Part {
    var tokens: [Int32]
    var targets: [Target] = []
  }

  /// What all inputs begin with.
  private(set) var root: Part
  /// What they go on with, from the root's end; none is empty.
  private(set) var branches: [Part] = []
  /// The first row of the root that predicts something.
  let firstTargetRow: Int
  /// Tokens of the longest path.
  let length: Int

  /// Builds the tree of at least one request.
  init(_ requests: [LikelihoodRequest]) {
    precondition(!requests.isEmpty, "at least one request")
    let inputs = requests.map(\.input)
    var shared = inputs[0].count
    for input in inputs.dropFirst() {
      shared = zip(inputs[0], input).prefix(shared).prefix { $0 == $1 }.count
    }
    root = Part(tokens: inputs[0].prefix(shared).map { Int32(bitPattern: $0) })
    firstTargetRow = requests.map(\.firstRow).min() ?? 0
    length = inputs.map(\.count).max() ?? 0
    var branchOfRest: [ArraySlice<UInt32>: Int] = [:]
    for (i, (request, input)) in zip(requests, inputs).enumerated() {
      let rest = input[shared...]
      var branch = branchOfRest[rest]
      if branch == nil, !rest.isEmpty {
        branch = branches.count
        branchOfRest[rest] = branches.count
        branches.append(Part(tokens: rest.map { Int32(bitPattern: $0) }))
      }
      for (k, token) in request.continuation.enumerated() {
        let row = request.firstRow + k
        let token = Int32(bitPattern: token)
        if row < shared {
          root.targets.append(Target(request: i, row: row, token: token))
        } else if let branch {
          branches[branch].targets.append(Target(request: i, row: row - shared, token: token))
        }
      }
    }
  }

  /// How many tokens all trees begin with, none of them predicting anything.
  static func commonPrefix(_ trees: ArraySlice<RequestTree>) -> Int {
    guard let first = trees.first else { return 0 }
    return trees.reduce(first.firstTargetRow) { shared, tree in
      zip(first.root.tokens, tree.root.tokens).prefix(min(shared, tree.firstTargetRow)).prefix { $0 == $1 }.count
    }
  }
}
