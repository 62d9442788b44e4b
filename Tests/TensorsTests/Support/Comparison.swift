import CKernels
import Testing

/// How far a result may lie from the reference: `absolute + relative * |expected|`, and a step of bf16 in a bf16
/// buffer, of float in another.
struct Tolerance {
  var absolute = 0.0
  var relative = 0.0
}

/// Records one issue that names the worst element where `actual` leaves the tolerance, where an element that the
/// reference left alone was written, or where memory outside the buffer was.
func compare(
  _ actual: Buffer, _ expected: Buffer, _ tolerance: Tolerance, _ label: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  compare(
    actual, count: expected.count, at: { expected.isPoison($0) ? nil : expected[$0] }, { _ in tolerance }, label(),
    sourceLocation: sourceLocation)
}

/// The same against numbers in double.
func compare(
  _ actual: Buffer, _ expected: [Double], _ tolerance: Tolerance, _ label: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  compare(
    actual, count: expected.count, at: { expected[$0] }, { _ in tolerance }, label(), sourceLocation: sourceLocation)
}

/// The same with a tolerance for each element; `at` gives nil for an element that must stay as it was.
func compare(
  _ actual: Buffer, count: Int, at expected: (Int) -> Double?, _ tolerance: (Int) -> Tolerance,
  _ label: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) {
  if let byte = actual.firstOverwritten {
    Issue.record("\(label()): wrote at byte \(byte) outside its output", sourceLocation: sourceLocation)
  }
  guard actual.count == count else {
    Issue.record("\(label()): \(actual.count) elements, not \(count)", sourceLocation: sourceLocation)
    return
  }
  let step = actual.dtype == APUS_BF16 ? 0x1p-7 : 0x1p-23
  var worst = (index: -1, excess: 0.0, text: "")
  var wrong = 0
  for i in 0..<count {
    guard let e = expected(i) else {
      if !actual.isPoison(i) {
        wrong += 1
        worst = (i, .infinity, "\(actual[i]) where nothing was to be written")
      }
      continue
    }
    let a = actual[i]
    if a == e || (a.isNaN && e.isNaN && !actual.isPoison(i)) { continue }
    let t = tolerance(i)
    let allowed = t.absolute + (t.relative + step) * e.magnitude
    let distance = (a - e).magnitude
    if distance <= allowed, e.isFinite { continue }
    wrong += 1
    let excess = distance.isNaN ? .infinity : distance / allowed
    if excess >= worst.excess {
      worst = (i, excess, "\(a)\(actual.isPoison(i) ? " (never written)" : "") instead of \(e), allowed \(allowed)")
    }
  }
  if wrong > 0 {
    Issue.record(
      "\(label()): \(wrong) of \(count) elements are wrong, the worst at \(worst.index): \(worst.text)",
      sourceLocation: sourceLocation)
  }
}

/// |actual - expected| / |expected| in the Euclidean norm.
func relativeDistance(_ actual: [Double], _ expected: [Double]) -> Double {
  let difference = zip(actual, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let size = expected.reduce(0) { $0 + $1 * $1 }
  return size > 0 ? (difference / size).squareRoot() : difference.squareRoot()
}
