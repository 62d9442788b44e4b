import CUDARuntime
import Tensors

extension DeviceChoice {
  /// Opens what was chosen, with all that it needs, so that a library that is missing is told of at once.
  /// - Returns: the card, nil for the processor; and a warning where `auto` passes over a card that is there, or where
  ///   the card is slower than it could be.
  /// - Throws: ``CUDAError`` where a card was asked for that cannot be used.
  public func open(
    _ finder: LibraryFinder = LibraryFinder(), cache: KernelCache? = .standard()
  ) throws(CUDAError) -> (context: CUDAContext?, warning: String?) {
    switch self {
    case .cpu: return (nil, nil)
    case .cuda(let index): return try Self.open(index, finder, cache)
    case .auto:
      do throws(CUDAError) {
        if try CUDADriver(finder).deviceCount() == 0 { return (nil, nil) }
      } catch {
        // A machine without a card, or without its driver, lacks nothing.
        return (nil, [.missingLibrary, .noDevice].contains(error.kind) ? nil : Self.warning(error))
      }
      do throws(CUDAError) {
        return try Self.open(0, finder, cache)
      } catch {
        return (nil, Self.warning(error))
      }
    }
  }

  private static func open(
    _ index: Int, _ finder: LibraryFinder, _ cache: KernelCache?
  ) throws(CUDAError) -> (context: CUDAContext?, warning: String?) {
    let context = try CUDAContext(device: index, finder: finder, cache: cache)
    do throws(CUDAError) {
      _ = try context.blas()
      return (context, nil)
    } catch {
      guard error.kind == .missingLibrary else { throw error }
      return (context, "matrix products are slower than they could be: \(error)")
    }
  }

  private static func warning(_ error: CUDAError) -> String { "the card is not used: \(error)" }
}
