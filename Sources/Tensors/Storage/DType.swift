import CKernels

/// Element type of a tensor.
public enum DType: String, Sendable, CaseIterable {
  case float32, bfloat16, int32

  /// Bytes of one element.
  public var byteCount: Int { self == .bfloat16 ? 2 : 4 }

  /// The kernels' name of a floating-point type.
  var kernel: apus_dtype {
    precondition(self != .int32, "kernels compute on floating-point tensors")
    return self == .bfloat16 ? APUS_BF16 : APUS_F32
  }
}

/// The 16-bit float that is the upper half of a 32-bit one.
public enum BFloat16 {
  /// Rounds to nearest even; a NaN stays a NaN.
  @inlinable public static func bits(_ value: Float) -> UInt16 {
    let u = value.bitPattern
    if u & 0x7fff_ffff > 0x7f80_0000 { return UInt16(truncatingIfNeeded: u >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (u &+ 0x7fff &+ ((u >> 16) & 1)) >> 16)
  }

  /// Widens without loss.
  @inlinable public static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
