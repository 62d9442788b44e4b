import CUDATensors
import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Blocks of keys that queries choose by the products with their mean keys.
  @Suite struct AttentionBlocks {
    @Test(arguments: [false, true], [DType.float32, .bfloat16]) func choice(hasDocuments: Bool, dtype: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (sequences, length, width) = (2, 157, 9)
      let selection = BlockSelection(size: 3, count: 2, local: 2, first: 1)
      var first: Int32 = 0
      let firsts = (0..<sequences * length).map { i -> Int32 in
        if i % length == 0 { first = 0 }
        if Int.random(in: 0..<20, using: &both.random) == 0 { first = Int32(i % length) }
        return first
      }
      let firstKeys = hasDocuments ? both.pair(firsts) : nil
      let qkv = both.normals([sequences * length, 7 * width], dtype)
      let rows = selection.blocks(for: length)
      let filled = [Float](repeating: 0.5, count: sequences * rows * 2 * width)
      let means = both.pair(filled, [sequences, rows, 2 * width])
      let bits = both.output([sequences, 4, length, 2], .int32)
      both.run { side in
        let specification = AttentionSpecification(
          sequences: sequences, queryLength: length, heads: 4, keyValueHeads: 2, headDimension: width,
          firstKeys: side(firstKeys))
        side.backend.blockMeans(
          specification, selection, key: side(qkv), column: 4 * width, from: 0, into: side(means))
        side.backend.chooseBlocks(specification, selection, query: side(qkv), means: side(means), into: side(bits))
      }
      both.compare(means, "means")
      both.compare(bits, "choice")
    }

    /// As a state does that grows: later blocks alone, queries that come after many keys.
    @Test func generation() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (keys, width) = (203, 16)
      let selection = BlockSelection(size: 8, count: 3, local: 1, first: 0)
      let key = both.normals([keys, width + 3])
      let query = both.normals([2, 4 * width])
      let rows = selection.blocks(for: keys)
      let means = both.normals([1, rows, width])
      let bits = both.output([1, 4, 2, 2], .int32)
      both.run { side in
        var specification = AttentionSpecification(
          sequences: 1, queryLength: keys, heads: 4, keyValueHeads: 1, headDimension: width)
        side.backend.blockMeans(specification, selection, key: side(key), column: 3, from: 5, into: side(means))
        (specification.queryLength, specification.keyLength) = (2, keys)
        side.backend.chooseBlocks(specification, selection, query: side(query), means: side(means), into: side(bits))
      }
      both.compare(means, "means")
      both.compare(bits, "choice")
    }
  }
}
