/// What can be known about a person or a place, with the words that say it and ask for it.
///
/// In templates `{e}` is the person or place, `{v}` the value, `{a}` the value with its article.
enum Relation: Int, CaseIterable, Sendable {
  case job, pet, instrument, food, colour, home
  case goods, market, landmark, flower, mayor

  static let ofPeople: [Relation] = [.job, .pet, .instrument, .food, .colour, .home]
  static let ofPlaces: [Relation] = [.goods, .market, .landmark, .flower, .mayor]

  /// The label in lists and registers.
  var label: String {
    switch self {
    case .job: "job"
    case .pet: "pet"
    case .instrument: "instrument"
    case .food: "food"
    case .colour: "colour"
    case .home: "home"
    case .goods: "goods"
    case .market: "market"
    case .landmark: "landmark"
    case .flower: "flower"
    case .mayor: "mayor"
    }
  }

  /// The possible values; empty where the values are people or places of the world.
  var values: [String] {
    switch self {
    case .job:
      [
        "baker", "miller", "weaver", "potter", "smith", "fisher", "tailor", "teacher", "doctor", "painter", "shepherd",
        "carpenter",
      ]
    case .pet:
      ["goat", "cat", "dog", "goose", "rabbit", "pony", "parrot", "hedgehog", "turtle", "owl", "donkey", "fox"]
    case .instrument:
      ["flute", "drum", "harp", "fiddle", "horn", "lute", "whistle", "guitar", "organ", "trumpet", "banjo", "piano"]
    case .food:
      [
        "pancakes", "dumplings", "soup", "noodles", "porridge", "pie", "stew", "waffles", "pickles", "toast", "salad",
        "custard",
      ]
    case .colour:
      ["red", "blue", "green", "yellow", "purple", "orange", "white", "black", "brown", "grey", "pink", "silver"]
    case .goods:
      ["honey", "salt", "glass", "wool", "paper", "rope", "tea", "silk", "candles", "apples", "cheese", "boats"]
    case .market: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    case .landmark:
      [
        "mill", "tower", "bridge", "fountain", "garden", "castle", "library", "lighthouse", "clock", "well", "theatre",
        "statue",
      ]
    case .flower:
      ["rose", "lily", "tulip", "daisy", "poppy", "iris", "violet", "thistle", "clover", "orchid", "sunflower", "fern"]
    case .home, .mayor: []
    }
  }

  /// Whole sentences that state the fact.
  var statements: [String] {
    switch self {
    case .job:
      [
        "{e} works as {a}.", "{e} is {a}.", "By trade, {e} is {a}.", "For many years {e} has been {a}.",
        "Everyone knows {e} the {v}.", "The work of {e} is that of {a}.",
      ]
    case .pet:
      [
        "{e} keeps {a}.", "{e} has {a} as a pet.", "The pet of {e} is {a}.", "At the house of {e} lives {a}.",
        "{e} takes good care of {a}.", "A friendly {v} belongs to {e}.",
      ]
    case .instrument:
      [
        "{e} plays the {v}.", "{e} loves to play the {v}.", "The instrument of {e} is the {v}.",
        "In the evening {e} plays the {v}.", "{e} learned to play the {v} as a child.",
        "The music of {e} comes from the {v}.",
      ]
    case .food:
      [
        "{e} likes {v} best.", "{e} loves to eat {v}.", "The favourite food of {e} is {v}.",
        "For dinner {e} always wants {v}.", "{e} could eat {v} every day.", "No dish pleases {e} more than {v}.",
      ]
    case .colour:
      [
        "{e} always wears {v}.", "{e} loves the colour {v}.", "The favourite colour of {e} is {v}.",
        "The coat of {e} is {v}.", "{e} painted the front door {v}.", "Of all colours {e} prefers {v}.",
      ]
    case .home:
      [
        "{e} lives in {v}.", "{e} has a house in {v}.", "The home of {e} is in {v}.", "You can find {e} in {v}.",
        "{e} was born in {v} and never left.", "In {v} stands the house of {e}.",
      ]
    case .goods:
      [
        "{e} is famous for its {v}.", "{e} sells {v} to the whole land.", "The best {v} comes from {e}.",
        "Traders travel to {e} for the {v}.", "{e} lives from its {v}.", "People buy {v} in {e}.",
      ]
    case .market:
      [
        "{e} holds its market on {v}.", "{e} is full of traders every {v}.", "The market day of {e} is {v}.",
        "Every {v} there is a market in {e}.", "On {v} the stalls open in {e}.", "{e} waits all week for {v}.",
      ]
    case .landmark:
      [
        "{e} is proud of its old {v}.", "{e} has a well-known {v}.", "The landmark of {e} is the {v}.",
        "Visitors to {e} want to see the {v}.", "In the middle of {e} stands the {v}.",
        "A picture of {e} always shows the {v}.",
      ]
    case .flower:
      [
        "{e} has {a} on its flag.", "{e} chose the {v} as its flower.", "The flower of {e} is the {v}.",
        "The flag of {e} shows {a}.", "In spring the {v} blooms all over {e}.", "{e} honours the {v}.",
      ]
    case .mayor:
      [
        "{e} has {v} as its mayor.", "{e} is led by {v}.", "The mayor of {e} is {v}.",
        "In {e} the people elected {v}.", "{v} is the mayor of {e}.", "{v} leads the council of {e}.",
      ]
    }
  }

  /// Verb phrases to be joined after a subject.
  var clauses: [String] {
    switch self {
    case .job: ["works as {a}", "is {a}", "earns a living as {a}"]
    case .pet: ["keeps {a}", "has {a}", "looks after {a}"]
    case .instrument: ["plays the {v}", "practises the {v}", "is good at the {v}"]
    case .food: ["likes {v}", "eats {v}", "cooks {v}"]
    case .colour: ["wears {v}", "prefers {v}", "loves the colour {v}"]
    case .home: ["lives in {v}", "comes from {v}", "has a home in {v}"]
    case .goods: ["sells {v}", "is famous for {v}", "makes the best {v}"]
    case .market: ["has its market on {v}", "meets for market every {v}", "trades on {v}"]
    case .landmark: ["shows its {v} to visitors", "has a famous {v}", "is proud of the {v}"]
    case .flower: ["has the {v} as its flower", "grows the {v}", "carries the {v} on its flag"]
    case .mayor: ["has {v} as mayor", "is led by {v}", "follows mayor {v}"]
    }
  }

  /// Last sentences of a story, without the full stop: they end in the value, where a story can break off.
  var endings: [String] {
    switch self {
    case .job:
      [
        "{e} went back to work as a {v}", "{e} dreamed all night of life as a {v}",
        "{e} told everyone about the life of a {v}", "{e} put on the apron of a {v}",
      ]
    case .pet:
      [
        "{e} went home to feed the {v}", "{e} fell asleep beside the {v}", "{e} took a long walk with the {v}",
        "{e} sat by the fire with the {v}",
      ]
    case .instrument:
      [
        "{e} sat down and played the {v}", "{e} sang a song and took up the {v}",
        "{e} made everyone dance to the {v}", "{e} practised for an hour on the {v}",
      ]
    case .food:
      [
        "{e} was hungry and asked for {v}", "{e} went home and cooked {v}", "{e} shared a big plate of {v}",
        "{e} came to the table and ate the {v}",
      ]
    case .colour:
      [
        "{e} dressed for the feast in {v}", "{e} put on a new coat of {v}", "{e} painted the old gate {v}",
        "{e} looked at the hats and chose one in {v}",
      ]
    case .home:
      [
        "{e} walked all the way home to {v}", "{e} missed the streets of {v}", "{e} took the last cart back to {v}",
        "{e} slept well under a roof in {v}",
      ]
    case .goods:
      [
        "a cart came back from {e} full of {v}", "the traders left {e} with a load of {v}",
        "the people of {e} packed the {v}", "somebody brought a gift from {e}, a box of {v}",
      ]
    case .market:
      [
        "the people of {e} got ready for {v}", "the bells of {e} rang, for it was {v}",
        "the square of {e} filled up, as on any {v}", "the traders went to {e} and slept until {v}",
      ]
    case .landmark:
      [
        "the people of {e} gathered around the {v}", "the lights of {e} shone on the {v}",
        "the children of {e} played near the {v}", "a traveller in {e} made a drawing of the {v}",
      ]
    case .flower:
      [
        "a girl from {e} picked a {v}", "the gardens of {e} smelled of the {v}",
        "the ladies of {e} wore hats with a {v}", "a painter came to {e} and painted a {v}",
      ]
    case .mayor:
      [
        "the people of {e} gave thanks to {v}", "the people of {e} went to the house of {v}",
        "the whole of {e} listened to {v}", "a letter from {e} was signed by {v}",
      ]
    }
  }

  /// Questions whose answer is the value.
  var questions: [String] {
    switch self {
    case .job:
      [
        "What is the job of {e}?", "What work does {e} do?", "How does {e} earn a living?",
        "Which trade does {e} follow?", "What does {e} do for work?", "As what does {e} work?",
      ]
    case .pet:
      [
        "What is the pet of {e}?", "Which animal does {e} keep?", "What animal lives with {e}?",
        "Which pet belongs to {e}?", "What pet does {e} have?", "Which animal does {e} look after?",
      ]
    case .instrument:
      [
        "What is the instrument of {e}?", "Which instrument does {e} play?", "What does {e} play in the evening?",
        "On which instrument does {e} make music?", "What instrument did {e} learn?", "What can {e} play?",
      ]
    case .food:
      [
        "What is the favourite food of {e}?", "What does {e} like to eat?", "Which dish does {e} like best?",
        "What does {e} want for dinner?", "Which food does {e} love?", "What would {e} eat every day?",
      ]
    case .colour:
      [
        "What is the favourite colour of {e}?", "Which colour does {e} wear?", "What colour is the coat of {e}?",
        "Which colour does {e} prefer?", "What colour does {e} love?", "In which colour is the door of {e} painted?",
      ]
    case .home:
      [
        "Where is the home of {e}?", "Where does {e} live?", "In which town does {e} live?", "Where can you find {e}?",
        "Where was {e} born?", "Which town is home to {e}?",
      ]
    case .goods:
      [
        "What is {e} famous for?", "What does {e} sell?", "What do traders buy in {e}?", "Which goods come from {e}?",
        "What can you buy in {e}?", "From what does {e} live?",
      ]
    case .market:
      [
        "What is the market day of {e}?", "When is the market in {e}?", "On which day does {e} hold its market?",
        "When do the stalls open in {e}?", "Which day is market day in {e}?", "On what day do traders fill {e}?",
      ]
    case .landmark:
      [
        "What is the landmark of {e}?", "Which building is {e} proud of?", "What do visitors want to see in {e}?",
        "What stands in the middle of {e}?", "Which landmark does {e} have?", "What do pictures of {e} show?",
      ]
    case .flower:
      [
        "What is the flower of {e}?", "Which flower is on the flag of {e}?", "Which flower did {e} choose?",
        "What blooms all over {e}?", "What flower does {e} honour?", "Which plant does the flag of {e} show?",
      ]
    case .mayor:
      [
        "Who is the mayor of {e}?", "Who leads {e}?", "Which mayor does {e} have?", "Whom did {e} elect?",
        "Who leads the council of {e}?", "Who is in charge of {e}?",
      ]
    }
  }
}
