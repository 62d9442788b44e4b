/// The numbers of Python's `random.Random(seed)`, by which other harnesses draw examples and questions: the Mersenne
/// twister MT19937 (Matsumoto and Nishimura, 1998), and `shuffle` and `sample` as Python 3.11 and later have them.
struct PythonRandom {
  private var state: [UInt32]
  private var position = 624

  init(seed: UInt64) {
    let key = seed >> 32 == 0 ? [UInt32(seed)] : [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
    var state: [UInt32] = [19_650_218]
    for i in 1..<624 {
      let last = state[i - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i))
    }
    var i = 1
    func advance() {
      i += 1
      if i == 624 {
        state[0] = state[623]
        i = 1
      }
    }
    for step in 0..<624 {
      let word = step % key.count
      let last = state[i - 1]
      state[i] = (state[i] ^ (last ^ last >> 30) &* 1_664_525) &+ key[word] &+ UInt32(word)
      advance()
    }
    for _ in 0..<623 {
      let last = state[i - 1]
      state[i] = (state[i] ^ (last ^ last >> 30) &* 1_566_083_941) &- UInt32(i)
      advance()
    }
    state[0] = 0x8000_0000
    self.state = state
  }

  /// A number from 0 up to but not `bound`, which is from 1 to 2^31.
  mutating func below(_ bound: Int) -> Int {
    let bits = Int.bitWidth - bound.leadingZeroBitCount
    while true {
      let number = Int(next() >> UInt32(32 - bits))
      if number < bound { return number }
    }
  }

  /// Puts elements in random order.
  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for i in elements.indices.dropFirst().reversed() { elements.swapAt(i, below(i + 1)) }
  }

  /// `count` different numbers below `total`, in the order in which they are drawn.
  mutating func sample(_ count: Int, of total: Int) -> [Int] {
    var room = 21
    if count > 5 {
      var power = 1
      while power < 3 * count { power *= 4 }
      room += power
    }
    if total <= room {
      var pool = Array(0..<total)
      return (0..<count).map { drawn in
        let place = below(total - drawn)
        let number = pool[place]
        pool[place] = pool[total - drawn - 1]
        return number
      }
    }
    var drawn: [Int] = []
    while drawn.count < count {
      let number = below(total)
      if !drawn.contains(number) { drawn.append(number) }
    }
    return drawn
  }

  private mutating func next() -> UInt32 {
    if position == 624 { renew() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ word >> 18
  }

  private mutating func renew() {
    for i in 0..<624 {
      let mixed = state[i] & 0x8000_0000 | state[(i + 1) % 624] & 0x7FFF_FFFF
      state[i] = state[(i + 397) % 624] ^ mixed >> 1 ^ (mixed & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }
}
