import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Choosing experts, and sorting by them.
  @Suite struct Routing {
    static let specifications = [
      RouterSpecification(experts: 8, chosen: 2),
      RouterSpecification(experts: 4, chosen: 4, normalizesWeights: true),
      RouterSpecification(experts: 70, chosen: 6, normalizesWeights: true, scale: 2.5),
      RouterSpecification(
        experts: 40, chosen: 3, scores: .sigmoid, normalizesWeights: true, groups: 5, chosenGroups: 2),
      RouterSpecification(experts: 12, chosen: 4, groups: 4, chosenGroups: 2),
      RouterSpecification(experts: 3, chosen: 1, scores: .sigmoid, groups: 3, chosenGroups: 1),
    ]

    @Test(arguments: specifications)
    func route(_ specification: RouterSpecification) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (experts, count) = (specification.experts, specification.chosen)
      for (tokens, hasBias) in [(1, true), (37, false), (70, true)] {
        let label = "\(specification), \(tokens) tokens"
        var values = both.random.normals(tokens * experts, scale: 2)
        // Equal ones, of which the first are taken.
        for e in 0..<experts { values[e] = e % 2 == 0 ? 1 : -1 }
        let logits = both.pair(values, [tokens, experts])
        let bias: Pair? = hasBias ? both.pair((0..<experts).map { Float($0 % 3) / 8 }, [experts]) : nil
        let (scores, logSumExp) = (both.output([tokens, experts]), both.output([tokens]))
        let (chosen, weights) = (both.output([tokens, count], .int32), both.output([tokens, count]))
        both.run { side in
          side.backend.route(
            specification, logits: side(logits), choiceBias: side(bias), scores: side(scores),
            logSumExp: side(logSumExp), chosen: side(chosen), weights: side(weights))
        }
        both.compare(scores, absolute: 1e-6, label + ", scores")
        both.compare(logSumExp, label + ", log of the sum")
        both.compare(chosen, label + ", choices")
        both.compare(weights, absolute: 1e-6, label + ", weights")

        let weightsGradient = both.normals([tokens, count])
        let share: Pair? = hasBias ? both.normals([experts]) : nil
        let gradient = both.output([tokens, experts])
        both.run { side in
          side.backend.routeBackward(
            specification, logits: side(logits), scores: side(scores), logSumExp: side(logSumExp), chosen: side(chosen),
            weightsGradient: side(weightsGradient), shareGradient: side(share), zScale: tokens == 37 ? 0 : 0.1,
            logitsGradient: side(gradient))
        }
        both.compare(gradient, label + ", gradient")

        var sums: [(shares: [Double], squaredLogSumExp: Double)] = []
        both.run { side in
          sums.append(side.backend.routerSums(scores: side(scores), logSumExp: side(logSumExp)))
        }
        for (a, e) in zip(sums[1].shares, sums[0].shares) { #expect(abs(a - e) <= 1e-5 * (1 + e), "\(label)") }
        #expect(sums[1].shares.count == experts)
        #expect(abs(sums[1].squaredLogSumExp - sums[0].squaredLogSumExp) <= 1e-5 * (1 + sums[0].squaredLogSumExp))
      }
    }

    @Test func sorting() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (tokens, count, experts) in [(0, 2, 4), (1, 1, 1), (100, 6, 70), (300, 2, 3), (9, 1, 600)] {
        let chosen = both.pair(
          (0..<tokens * count).map { _ in Int32.random(in: 0..<Int32(experts), using: &both.random) }, [tokens, count])
        let (places, sources) = (both.output([tokens, count], .int32), both.output([tokens * count], .int32))
        var offsets: [[Int]] = []
        both.run { side in
          offsets.append(
            side.backend.sortChoices(side(chosen), experts: experts, places: side(places), sources: side(sources)))
        }
        #expect(offsets[1] == offsets[0])
        both.compare(places, "places of \(tokens) tokens")
        both.compare(sources, "sources of \(tokens) tokens")

        let x = both.normals([tokens, count])
        let (sorted, back) = (both.output([tokens * count]), both.output([tokens, count]))
        both.run { side in
          side.backend.scatter(side(x), to: side(places), output: side(sorted))
          side.backend.gather(side(sorted), from: side(places), output: side(back))
        }
        both.compare(sorted, absolute: 0, relative: 0, "scattered")
        both.compare(back, absolute: 0, relative: 0, "gathered")
      }
    }
  }
}
