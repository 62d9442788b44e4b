import CUDARuntime
import Tensors

extension CUDABackend {
  public func sortChoices(_ chosen: Tensor, experts: Int, places: Tensor, sources: Tensor) -> [Int] {
    if chosen.count == 0 { return [Int](repeating: 0, count: experts + 1) }
    let grid = blocks(for: chosen.count, per: Self.chunk)
    let counts = Tensor([experts, grid.x], .int32, in: workspace)
    let totals = Tensor([experts], .int32, in: workspace)
    let offsets = Tensor([experts + 1], .int32, in: workspace)
    func run(_ kernel: String, _ blocks: Grid, sharedBytes: Int = 0) {
      launch(
        kernel, in: .expertSorting, nil, blocks: blocks, threads: Self.chunk, sharedBytes: sharedBytes, chosen,
        counts, totals, offsets, places, sources, chosen.count, chosen.columns, experts, grid.x)
    }
    run("count_choices", grid)
    run("place_blocks", Grid(experts))
    run("place_choices", grid, sharedBytes: experts * MemoryLayout<Int32>.stride)
    return offsets.read { $0.integers.map(Int.init) }
  }

  public func routerSums(scores: Tensor, logSumExp: Tensor) -> (shares: [Double], squaredLogSumExp: Double) {
    let (tokens, width) = (scores.rows, scores.columns + 1)
    let grid = blocks(for: tokens, per: Self.chunk)
    let sums = Tensor([grid.x, width], .float32, in: workspace)
    launch(
      "router_sums", in: .expertSorting, nil, blocks: grid, threads: Self.chunk, scores, logSumExp, sums, tokens,
      scores.columns)
    var totals = [Double](repeating: 0, count: width)
    for (i, part) in sums.toFloats().enumerated() { totals[i % width] += Double(part) }
    let squares = totals.removeLast()
    return (totals, squares)
  }

  public func scatter(_ x: Tensor, to places: Tensor, output: Tensor) { move("scatter", x, places, output) }
  public func gather(_ x: Tensor, from places: Tensor, output: Tensor) { move("gather", x, places, output) }

  private func move(_ kernel: String, _ x: Tensor, _ places: Tensor, _ output: Tensor) {
    launch(
      kernel, in: .expertSorting, nil, blocks: blocks(for: places.count, per: 256), threads: 256, x, places, output,
      places.count)
  }

  /// Tokens, or choices, that a block of threads takes.
  private static let chunk = 256
}
