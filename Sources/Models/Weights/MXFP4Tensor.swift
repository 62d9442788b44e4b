import Foundation
import Formats
import Tensors

/// Experts as gpt-oss publishes them: blocks of 32 numbers of four bits that share a power of two (MXFP4; OCP
/// Microscaling Formats 1.0). Where a checkpoint in bfloat16 has a tensor NAME `[experts, inputs, outputs]`, there are
/// `NAME_blocks` `[experts, outputs, inputs / 32, 16]` and `NAME_scales` `[experts, outputs, inputs / 32]`.
struct MXFP4Tensor {
  let blocks, scales: Part

  /// One of the two tensors in its file.
  struct Part {
    let file: Safetensors
    let entry: Safetensors.Entry

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: file.bytes(of: entry)[range])
    }
  }

  /// What holds a tensor of that shape must look like.
  /// - Throws: `SafetensorsError` where it is of another type or shape.
  func check(shape: [Int]) throws {
    guard shape.count == 3 else { preconditionFailure("experts have three dimensions") }
    let rows = [shape[0], shape[2], shape[1] / 32]
    for (part, needed) in [(blocks, rows + [16]), (scales, rows)] {
      guard part.entry.element == .uint8, part.entry.shape == needed, shape[1] % 32 == 0 else {
        throw SafetensorsError(
          path: part.file.file.path, tensor: part.entry.name,
          problem: "is \(part.entry.element.rawValue) \(part.entry.shape), but this configuration needs U8 \(needed)")
      }
    }
  }

  /// The rows of a parameter, one output each, that would stand at that place in the tensor.
  func rows(at place: StoredPlace) -> StoredRows {
    let (inputs, outputs, tensor) = (place.shape[1], place.shape[2], self)
    // An expert's outputs are columns there and rows here.
    let expert = place.first / (inputs * outputs), first = place.first % (inputs * outputs)
    return StoredRows { rows, values in
      for (i, row) in rows.enumerated() {
        let block = (expert * outputs + first + row * place.rowStride) * (inputs / 32)
        let codes = tensor.blocks.bytes(16 * block..<16 * (block + inputs / 32))
        let powers = tensor.scales.bytes(block..<block + inputs / 32)
        for (j, code) in codes.enumerated() {
          let scale = scalbn(Float(1), Int(powers[j / 16]) - 127)
          values[i * inputs + 2 * j] = Self.numbers[Int(code & 15)] * scale
          values[i * inputs + 2 * j + 1] = Self.numbers[Int(code >> 4)] * scale
        }
      }
    }
  }

  /// What four bits mean: a sign, two bits of exponent, one of fraction.
  private static let numbers: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]
}
