/// An address in a card's memory: a number that the host never follows.
public struct DeviceAddress: Sendable, Hashable {
  /// The address itself; 0 stands for none.
  public let bits: UInt64

  /// The address of these bits.
  public init(bits: UInt64) { self.bits = bits }

  /// The address that a pointer holds, without following it.
  public init(_ pointer: UnsafeRawPointer) { bits = UInt64(UInt(bitPattern: pointer)) }

  /// None.
  public static let null = DeviceAddress(bits: 0)

  /// The address as the pointer that storages carry.
  public var pointer: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: UInt(bits)) }

  /// The address some bytes further on.
  public static func + (address: DeviceAddress, bytes: Int) -> DeviceAddress {
    DeviceAddress(bits: address.bits &+ UInt64(bytes))
  }
}
