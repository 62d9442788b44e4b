import CUDATensors
import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Attention on the card is attention on the processor, whatever scores, masks and shapes are.
  @Suite struct Attention {
    @Test func bfloat16() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for shape in AttentionShape.plain + AttentionShape.special { shape.check(DType.bfloat16, .bfloat16, &both) }
    }

    @Test func float32() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for shapes in [AttentionShape.plain, AttentionShape.special] {
        for shape in shapes.shuffled(using: &both.random).prefix(4) { shape.check(.float32, .float32, &both) }
      }
    }

    @Test func mixedTypes() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let shape = AttentionShape(queries: 50, keys: 50, heads: 2, dimension: 32, window: 20)
      shape.check(.bfloat16, .float32, &both)
      shape.check(.float32, .bfloat16, &both)
    }

    /// By the instructions that only Hopper has, as the emulation understands them.
    @Test func warpgroups() throws {
      var both = BothBackends(try EmulatedCard.backend())
      CUDABackend.$attentionUsesWarpgroups.withValue(true) {
        for shape in [AttentionShape.plain[1], AttentionShape.plain[2], AttentionShape.special[0]] {
          shape.check(.bfloat16, .bfloat16, &both)
        }
      }
    }

    @Test func sameBitsAgain() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for shape in [AttentionShape.plain[1], AttentionShape.plain[4], AttentionShape.special[0]] {
        let call = AttentionCase(shape, .bfloat16, .bfloat16, &both)
        let results = (0..<2).map { _ in
          let result = call.run(both.card)
          return [result.output, result.logSumExp] + result.gradients.map { $0 }
        }
        for (first, second) in zip(results[0], results[1]) {
          #expect(first.toFloats() == second.toFloats(), "seed \(both.random.seed) \(shape)")
        }
      }
    }

    /// A NaN in a query shows in what that query's head gives, and nowhere else.
    @Test func notANumber() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (length, width) = (70, 32)
      for queries in [length, 2] {
        var values = both.random.normals(queries * width)
        let place = Int.random(in: 0..<queries, using: &both.random)
        let rest = (0..<2).map { _ in both.pair(both.random.normals(length * width), [length, width]) }
        let results = [false, true].map { isPoisoned in
          if isPoisoned { values[place * width + 5] = .nan }
          let query = both.pair(values, [queries, width]), output = both.output([queries, width])
          let logSumExp = both.output([1, 1, queries])
          let specification = AttentionSpecification(
            sequences: 1, queryLength: queries, keyLength: length, heads: 1, keyValueHeads: 1, headDimension: width)
          both.card.backend.attention(
            specification, query: query.card, key: rest[0].card, value: rest[1].card, columns: AttentionColumns(),
            output: output.card, logSumExp: logSumExp.card, compute: .float32)
          return (output.card.toFloats(), logSumExp.card.toFloats())
        }
        #expect(results[1].1[place].isNaN, "seed \(both.random.seed)")
        for i in 0..<queries * width where results[0].0[i] != results[1].0[i] {
          #expect(i / width == place && results[1].0[i].isNaN, "seed \(both.random.seed) element \(i)")
        }
        #expect(results[1].0[place * width].isNaN, "seed \(both.random.seed)")
      }
    }

    /// Parts of the keys joined, some of which a query does not see at all.
    @Test func parts() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for dtype in [DType.float32, .bfloat16] {
        let (sequences, length, heads, width) = (2, 37, 3, 20)
        let specification = AttentionSpecification(
          sequences: sequences, queryLength: length, heads: heads, keyValueHeads: 1, headDimension: width)
        let parts = (0..<3).map { part in
          let infinity = (0..<sequences * heads * length).map { _ in
            part == 0 || Int.random(in: 0..<3, using: &both.random) == 0 ? -Float.infinity : both.random.normal() * 3
          }
          return (
            both.normals([sequences * length, heads * width], dtype), both.pair(infinity, [sequences, heads, length]))
        }
        let output = both.output([sequences * length, heads * width], dtype)
        let logSumExp = both.output([sequences, heads, length])
        both.run { side in
          side.backend.mergeAttention(
            specification, parts.map { (output: side($0.0), logSumExp: side($0.1)) }, output: side(output),
            logSumExp: side(logSumExp))
        }
        both.compare(output, "\(dtype)")
        both.compare(logSumExp, "\(dtype) log-sum-exp")
      }
    }
  }
}
