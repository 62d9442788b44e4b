/// Invented, pronounceable ASCII names that all differ in their first two letters, so that a short prefix
/// already tells who or what is meant.
struct WorldNames {
  let land: String
  let people: [String]
  let places: [String]

  init(people peopleCount: Int, places placeCount: Int, random: inout WorldRandom) {
    var starts: [String] = []
    for consonant in ["B", "D", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "T", "V", "W", "Z"] {
      for vowel in ["a", "e", "i", "o", "u"] { starts.append(consonant + vowel) }
    }
    random.shuffle(&starts)
    let endings = [
      "ra", "len", "mo", "vi", "na", "dor", "sel", "tin", "ka", "lo", "ri", "bet", "wen", "nis", "lia", "rok", "zan",
      "mir", "tho", "fen",
    ]
    let middles = ["l", "r", "n", "m", "s", "v", "nd", "ld", "rn", "st"]
    let suffixes = ["ford", "wick", "mere", "haven", "dale", "holm", "stead", "gate", "moor", "burg"]
    people = starts[0..<peopleCount].map { $0 + random.pick(endings) }
    places = starts[peopleCount..<(peopleCount + placeCount)].map {
      $0 + random.pick(middles) + random.pick(suffixes)
    }
    land = starts[peopleCount + placeCount] + random.pick(["lmora", "rundel", "navar", "stria", "lethia"])
  }
}
