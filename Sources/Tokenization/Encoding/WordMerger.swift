/// Merges the bytes of one word into tokens: always the pair of lowest rank, the leftmost of them.
///
/// Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016), over bytes.
/// Short words look for the lowest rank in a row of numbers, long ones keep a heap, so that a word of a megabyte costs
/// n log n. One thread's: it keeps its scratch memory.
struct WordMerger {
  private var tokens: ContiguousArray<UInt32> = []
  private var entries: ContiguousArray<MergeTable.Entry> = []
  private var following: ContiguousArray<Int32> = []
  private var preceding: ContiguousArray<Int32> = []
  private var heap = MergeHeap()

  /// Up to so many symbols a word counts as short.
  private static let shortWord = 96

  /// Appends the tokens of a word.
  ///
  /// A byte that the vocabulary lacks becomes `unknown`, or nothing without one, as in `tokenizers`.
  mutating func merge(
    _ word: UnsafeBufferPointer<UInt8>, _ table: MergeTable, unknown: UnknownToken?, into output: inout [UInt32]
  ) {
    tokens.removeAll(keepingCapacity: true)
    table.byteTokens.withUnsafeBufferPointer { byteTokens in
      for byte in word {
        let token = byteTokens[Int(byte)]
        if token != .max {
          tokens.append(token)
        } else if let unknown, !(unknown.isFused && tokens.last == unknown.id) {
          tokens.append(unknown.id)
        }
      }
    }
    let count = tokens.count
    guard count > 1 else {
      output.append(contentsOf: tokens)
      return
    }
    entries.removeAll(keepingCapacity: true)
    if count == word.count, unknown == nil {
      for index in 0..<count - 1 { entries.append(table.entry(ofBytes: word[index], word[index + 1])) }
    } else {
      for index in 0..<count - 1 { entries.append(table.entry(tokens[index], tokens[index + 1])) }
    }
    entries.append(.none)
    if count <= Self.shortWord {
      let left = mergeShort(table)
      output.append(contentsOf: tokens[0..<left])
    } else {
      mergeLong(table, into: &output)
    }
  }

  /// Appends the tokens of a word of characters.
  mutating func merge(
    _ word: UnsafeBufferPointer<UInt8>, _ characters: CharacterMerges, _ vocabulary: Vocabulary, _ table: MergeTable,
    into output: inout [UInt32]
  ) {
    tokens.removeAll(keepingCapacity: true)
    characters.begin(word, vocabulary, into: &tokens)
    let start = output.count
    let count = tokens.count
    guard count > 1 else {
      for token in tokens { characters.finish(token, into: &output) }
      return
    }
    entries.removeAll(keepingCapacity: true)
    for index in 0..<count - 1 { entries.append(table.entry(tokens[index], tokens[index + 1])) }
    entries.append(.none)
    if count <= Self.shortWord {
      let left = mergeShort(table)
      output.append(contentsOf: tokens[0..<left])
    } else {
      mergeLong(table, into: &output)
    }
    guard !characters.virtual.isEmpty else { return }
    let merged = output[start...]
    output.removeSubrange(start...)
    for token in merged { characters.finish(token, into: &output) }
  }

  /// Merges in place and returns how many tokens are left at the front.
  private mutating func mergeShort(_ table: MergeTable) -> Int {
    tokens.withUnsafeMutableBufferPointer { tokens in
      entries.withUnsafeMutableBufferPointer { entries in
        var count = tokens.count
        while true {
          var best = UInt64.max
          var place = 0
          for index in 0..<count - 1 {
            let value = entries[index].rawValue
            if value < best {
              best = value
              place = index
            }
          }
          if best == .max { return count }
          tokens[place] = UInt32(truncatingIfNeeded: best)
          // Tokens after the pair move up by one, and so do the entries of pairs that begin with them.
          count -= 1
          var index = place + 1
          while index < count {
            tokens[index] = tokens[index + 1]
            entries[index] = entries[index + 1]
            index += 1
          }
          entries[place] = place + 1 < count ? table.entry(tokens[place], tokens[place + 1]) : .none
          if place > 0 { entries[place - 1] = table.entry(tokens[place - 1], tokens[place]) }
          if count == 1 { return 1 }
        }
      }
    }
  }

  /// Merges through a heap and a doubly linked list.
  private mutating func mergeLong(_ table: MergeTable, into output: inout [UInt32]) {
    let count = tokens.count
    following = ContiguousArray((0..<count).map { $0 + 1 < count ? Int32($0 + 1) : -1 })
    preceding = ContiguousArray((0..<count).map { Int32($0 - 1) })
    heap.removeAll()
    for index in 0..<count where entries[index] != .none {
      heap.append(MergeHeap.Item(entry: entries[index], position: Int32(index)))
    }
    heap.heapify()

    while let item = heap.popLowest() {
      let place = Int(item.position)
      // An entry that has changed since means that the pair is gone.
      guard entries[place] == item.entry else { continue }
      let right = Int(following[place])
      let next = following[right]
      tokens[place] = item.entry.merged
      entries[right] = .none
      following[place] = next
      if next >= 0 { preceding[Int(next)] = Int32(place) }
      update(place, table)
      if preceding[place] >= 0 { update(Int(preceding[place]), table) }
    }
    var place = 0
    while place >= 0 {
      output.append(tokens[place])
      place = Int(following[place])
    }
  }

  /// Looks up the pair that begins at a place and queues it.
  @inline(__always)
  private mutating func update(_ place: Int, _ table: MergeTable) {
    let next = Int(following[place])
    let entry = next >= 0 ? table.entry(tokens[place], tokens[next]) : .none
    entries[place] = entry
    if entry != .none { heap.push(MergeHeap.Item(entry: entry, position: Int32(place))) }
  }
}

/// What stands for bytes that the vocabulary lacks.
struct UnknownToken: Equatable, Sendable {
  var id: UInt32
  /// Whether neighbours become one.
  var isFused: Bool
}
