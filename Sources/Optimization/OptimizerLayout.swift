public import Models

/// Which rule updates which part of a model's flat buffers and what it keeps of it: worked out from the declarations,
/// before anything is allocated.
public struct OptimizerLayout: Sendable {
  /// The state tensors of one name, in one buffer; a checkpoint's file.
  public struct State: Sendable {
    /// A parameter's part.
    public struct Entry: Sendable {
      /// Index of the parameter's declaration.
      public var parameter: Int
      public var shape: [Int]
      /// Its first element in the buffer.
      public var offset: Int
    }

    public var name: String
    public var entries: [Entry] = []
    /// Elements of the buffer.
    public var count = 0
  }

  /// What is updated in one call.
  struct Piece: Sendable {
    var assignment: RuleAssignment
    var group: ParameterGroup
    /// Elements of the flat buffers.
    var range: Range<Int>
    var shape: [Int]
    /// Elements of the state's buffers, in the order in which the rule declares them.
    var state: [(index: Int, range: Range<Int>, shape: [Int])]
  }

  /// One for each name.
  public private(set) var states: [State] = []
  private(set) var pieces: [Piece] = []

  /// Lays out the optimizer of the parameters in `declarations`.
  /// - Parameter group: rate and decay of a parameter.
  public init(
    _ declarations: [ParameterDeclaration], rule: any UpdateRule, group: (ParameterDeclaration) -> ParameterGroup
  ) {
    var offset = 0
    for (index, declaration) in declarations.enumerated() {
      if declaration.isOptimized {
        let assignment = rule.assignment(of: declaration)
        var group = group(declaration)
        // Weights decay as fast at every width.
        let factor = assignment.rule.rateFactor(widthMultiplier: declaration.widthMultiplier)
        group.learningRateFactor *= factor
        group.weightDecay /= factor
        add(declaration, index, at: offset, assignment, group)
      }
      offset += declaration.count
    }
  }

  /// Bytes of the whole state.
  public var stateBytes: Int { states.reduce(0) { $0 + 4 * $1.count } }

  private mutating func add(
    _ declaration: ParameterDeclaration, _ index: Int, at offset: Int, _ assignment: RuleAssignment,
    _ group: ParameterGroup
  ) {
    let isMatrix = type(of: assignment.rule).unit == .matrix
    let shapes = isMatrix ? declaration.matrixShapes : [declaration.shape]
    var parts: [[StateDeclaration]] = []
    var start = offset
    for shape in shapes {
      let states = assignment.rule.state(shape: shape)
      let end = start + shape.reduce(1, *)
      let piece = Piece(
        assignment: assignment, group: group, range: start..<end, shape: isMatrix ? shape : [end - start],
        state: states.map { reserve($0, isMatrix: isMatrix) })
      append(piece, isMatrix: isMatrix)
      parts.append(states)
      start = end
    }
    note(parts, of: index, declaration)
  }

  /// Room for one state tensor at the end of the buffer of its name.
  private mutating func reserve(
    _ declaration: StateDeclaration, isMatrix: Bool
  ) -> (index: Int, range: Range<Int>, shape: [Int]) {
    let index =
      states.firstIndex { $0.name == declaration.name }
      ?? {
        states.append(State(name: declaration.name))
        return states.count - 1
      }()
    let first = states[index].count
    states[index].count += declaration.count
    return (index, first..<states[index].count, isMatrix ? declaration.shape : [declaration.count])
  }

  /// Adds a piece, joined to the one before it where both are updated element by element and in the same way.
  private mutating func append(_ piece: Piece, isMatrix: Bool) {
    guard !isMatrix, let last = pieces.last, last.range.upperBound == piece.range.lowerBound,
      last.group == piece.group, last.assignment.learningRateFactor == piece.assignment.learningRateFactor,
      last.assignment.rule.isEqual(to: piece.assignment.rule)
    else {
      pieces.append(piece)
      return
    }
    var joined = last
    joined.range = last.range.lowerBound..<piece.range.upperBound
    joined.shape = [joined.range.count]
    joined.state = zip(last.state, piece.state).map { before, after in
      let range = before.range.lowerBound..<after.range.upperBound
      return (before.index, range, [range.count])
    }
    pieces[pieces.count - 1] = joined
  }

  /// Notes a parameter's tensors: of its own shape where the state of its matrices together has it.
  private mutating func note(_ parts: [[StateDeclaration]], of index: Int, _ declaration: ParameterDeclaration) {
    for (number, first) in (parts.first ?? []).enumerated() {
      let shapes = parts.map { $0[number].shape }
      let count = parts.reduce(0) { $0 + $1[number].count }
      let state = states.firstIndex { $0.name == first.name } ?? 0
      let isAlike = zip(shapes, declaration.matrixShapes).allSatisfy { $0 == $1 } || shapes == [declaration.shape]
      let shape =
        isAlike ? declaration.shape : shapes.count == 1 ? shapes[0] : shapes.allSatisfy { $0 == shapes[0] }
          ? [shapes.count] + shapes[0] : [count]
      states[state].entries.append(.init(parameter: index, shape: shape, offset: states[state].count - count))
    }
  }
}

extension ParameterDeclaration {
  /// The shapes of the matrices that it holds, one after another in memory.
  var matrixShapes: [[Int]] {
    if let fusedRows, shape.count == 2 { return fusedRows.map { [$0, shape[1]] } }
    guard shape.count > 2 else { return [shape] }
    let inner = Array(shape.suffix(2))
    return Array(repeating: inner, count: shape.dropLast(2).reduce(1, *))
  }

  /// Whether it is made of matrices and not of vectors.
  var holdsMatrices: Bool { matrixShapes.allSatisfy { $0.count == 2 && $0[0] > 1 && $0[1] > 1 } }
}
