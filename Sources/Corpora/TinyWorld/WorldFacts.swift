/// One true sentence of the world: what `relation` gives for an entity.
struct WorldFact: Sendable {
  /// Number of the person, or of the place counted after the people.
  let entity: Int
  let relation: Relation
  let value: String
}

/// The people and places drawn from a seed, and everything that is true of them.
struct WorldFacts: Sendable {
  static let peopleCount = 24
  static let placeCount = 12
  static let fame = 30

  let seed: UInt64
  let land: String
  let people: [String]
  let places: [String]
  /// "she" or "he", by person.
  let pronouns: [String]
  let possessives: [String]
  let facts: [WorldFact]
  /// Index of the first fact of an entity; its facts follow each other in the order of its relations.
  private let firstFact: [Int]
  private let statements: [[WorldTemplate]]
  private let clauses: [[WorldTemplate]]
  private let questions: [[WorldTemplate]]
  private let endings: [[WorldTemplate]]
  let questionPhrasings: PhrasingSplit
  let endingPhrasings: PhrasingSplit
  private let peopleByFame: [Int]
  private let placesByFame: [Int]
  private let entitiesByFame: [Int]

  init(seed: UInt64) {
    self.seed = seed
    var random = WorldRandom(seed: seed, purpose: .world)
    let names = WorldNames(people: Self.peopleCount, places: Self.placeCount, random: &random)
    land = names.land
    people = names.people
    places = names.places
    let female = people.map { _ in random.chance(50) }
    pronouns = female.map { $0 ? "she" : "he" }
    possessives = female.map { $0 ? "her" : "his" }

    // Every list of values is dealt out like shuffled packs of cards, so that no answer is much more
    // frequent than another.
    var columns: [Relation: [String]] = [:]
    for relation in Relation.allCases {
      let pack = relation == .home ? places : relation == .mayor ? people : relation.values
      let needed = Relation.ofPeople.contains(relation) ? Self.peopleCount : Self.placeCount
      var column: [String] = []
      while column.count < needed {
        var cards = pack
        random.shuffle(&cards)
        column += cards
      }
      columns[relation] = Array(column.prefix(needed))
    }
    var facts: [WorldFact] = []
    var first: [Int] = []
    for entity in 0..<(Self.peopleCount + Self.placeCount) {
      first.append(facts.count)
      let isPerson = entity < Self.peopleCount
      for relation in isPerson ? Relation.ofPeople : Relation.ofPlaces {
        let value = columns[relation]![isPerson ? entity : entity - Self.peopleCount]
        facts.append(WorldFact(entity: entity, relation: relation, value: value))
      }
    }
    self.facts = facts
    firstFact = first
    statements = Relation.allCases.map { $0.statements.map(WorldTemplate.init) }
    clauses = Relation.allCases.map { $0.clauses.map(WorldTemplate.init) }
    questions = Relation.allCases.map { $0.questions.map(WorldTemplate.init) }
    endings = Relation.allCases.map { $0.endings.map(WorldTemplate.init) }
    questionPhrasings = PhrasingSplit(
      seed: seed, purpose: .heldOutPhrasing, counts: facts.map { $0.relation.questions.count })
    endingPhrasings = PhrasingSplit(
      seed: seed, purpose: .heldOutEnding, counts: facts.map { $0.relation.endings.count })
    peopleByFame = Self.urn(0..<Self.peopleCount)
    placesByFame = Self.urn(Self.peopleCount..<(Self.peopleCount + Self.placeCount))
    entitiesByFame = peopleByFame + placesByFame
  }

  var entityCount: Int { Self.peopleCount + Self.placeCount }
  func isPerson(_ entity: Int) -> Bool { entity < Self.peopleCount }
  func name(_ entity: Int) -> String { isPerson(entity) ? people[entity] : places[entity - Self.peopleCount] }

  /// A few different people, the better known ones more often.
  func drawPeople(_ count: Int, random: inout WorldRandom) -> [Int] { draw(count, from: peopleByFame, &random) }

  /// A few different places, the better known ones more often.
  func drawPlaces(_ count: Int, random: inout WorldRandom) -> [Int] { draw(count, from: placesByFame, &random) }

  /// A few different people and places, the better known ones more often.
  func drawEntities(_ count: Int, random: inout WorldRandom) -> [Int] { draw(count, from: entitiesByFame, &random) }

  /// The index of a fact about anyone or any place.
  func drawFact(random: inout WorldRandom) -> Int {
    let range = factIndices(of: random.pick(entitiesByFame))
    return range.lowerBound + random.below(range.count)
  }

  private func draw(_ count: Int, from urn: [Int], _ random: inout WorldRandom) -> [Int] {
    var drawn: [Int] = []
    drawn.reserveCapacity(count)
    while drawn.count < count {
      let candidate = random.pick(urn)
      if !drawn.contains(candidate) { drawn.append(candidate) }
    }
    return drawn
  }

  /// Each entity as often as its fame tells.
  ///
  /// Some are met far more often than others, as in any text. With all equally frequent, a model stays long on
  /// a plateau where it knows which words fit a question but not whom it is about; a few that are well known
  /// show it the way (Zucchet et al., "How do language models learn facts?", 2025).
  private static func urn(_ entities: Range<Int>) -> [Int] {
    entities.flatMap { entity in
      let rank = entity - entities.lowerBound
      return repeatElement(entity, count: 2 + fame / (rank + 2))
    }
  }

  /// Indices of the facts about an entity.
  func factIndices(of entity: Int) -> Range<Int> {
    firstFact[entity]..<(entity + 1 < firstFact.count ? firstFact[entity + 1] : facts.count)
  }

  func value(_ relation: Relation, of entity: Int) -> String {
    for index in factIndices(of: entity) where facts[index].relation == relation { return facts[index].value }
    return ""
  }

  /// A word that can stand for the entity at the front of a sentence.
  func pronoun(_ entity: Int) -> String {
    isPerson(entity) ? (pronouns[entity] == "she" ? "She" : "He") : "The town"
  }

  /// Writes a sentence that states the fact; with `pronoun`, names the entity only where grammar needs it.
  func writeStatement(_ index: Int, pronoun: Bool = false, random: inout WorldRandom, to text: inout TextBuffer) {
    let fact = facts[index]
    let template = random.pick(statements[fact.relation.rawValue])
    let name = pronoun && template.startsWithEntity ? self.pronoun(fact.entity) : self.name(fact.entity)
    template.write(entity: name, value: fact.value, to: &text)
  }

  func writeClause(_ index: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    let fact = facts[index]
    random.pick(clauses[fact.relation.rawValue]).write(entity: name(fact.entity), value: fact.value, to: &text)
  }

  /// Writes the end of a story about the fact in one phrasing, with `value` in the place of the fact's value.
  func writeEnding(_ index: Int, phrasing: Int, value: String, to text: inout TextBuffer) {
    let fact = facts[index]
    endings[fact.relation.rawValue][phrasing].write(entity: name(fact.entity), value: value, to: &text)
  }

  /// Writes the question in one phrasing.
  func writeQuestion(_ index: Int, phrasing: Int, to text: inout TextBuffer) {
    let fact = facts[index]
    questions[fact.relation.rawValue][phrasing].write(entity: name(fact.entity), value: "", to: &text)
  }

  /// A phrasing of the question that training may show for this fact.
  func trainingPhrasing(_ index: Int, random: inout WorldRandom) -> Int {
    random.pick(questionPhrasings.training[index])
  }

  /// Up to four values of the fact's relation in order, the right one among them.
  func choices(_ index: Int) -> [String] {
    let fact = facts[index]
    var choices = [fact.value]
    for other in facts where other.relation == fact.relation && !choices.contains(other.value) {
      choices.append(other.value)
      if choices.count == 4 { break }
    }
    return choices.sorted()
  }
}
