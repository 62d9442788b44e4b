import CUDARuntime
import Tensors

/// Where a program computes: a card, or the processor.
public struct ComputeDevice: Sendable {
  /// What computes.
  public let backend: any Backend
  /// The card; nil: the processor.
  public let card: CUDAContext?
  /// Why a card that is there is not used.
  public let warning: String?

  /// Opens what was chosen.
  /// - Throws: ``CUDAError`` where a card was asked for that cannot be used.
  public init(
    _ choice: DeviceChoice, finder: LibraryFinder = LibraryFinder(), cache: KernelCache? = .standard()
  ) throws(CUDAError) {
    (card, warning) = try choice.open(finder, cache: cache)
    if let card { backend = CUDABackend(card) } else { backend = CPUBackend() }
  }

  /// The card's name; nil: the processor.
  public var cardName: String? { card?.device.name }

  /// Its maker's figures, where the card is known.
  public var peak: CardPeak? { cardName.flatMap(CardPeak.named) }

  /// Bytes of the card's memory that nothing uses; nil for the processor.
  public var freeMemory: Int? { card.flatMap { try? $0.memory().free } }
}
