/// Words that give the stories their colour; nothing is asked about them.
enum WorldWords {
  static let seasons = ["spring", "summer", "autumn", "winter"]
  static let weathers = ["sunny", "rainy", "windy", "foggy", "snowy", "cold", "warm", "quiet", "grey", "bright"]
  static let times = ["morning", "evening", "afternoon", "night", "day"]
  static let moods = ["happy", "tired", "hungry", "curious", "calm", "proud", "sleepy", "cheerful"]
  static let things = [
    "lamp", "basket", "ladder", "letter", "blanket", "hammer", "bucket", "kettle", "map", "key", "broom", "bottle",
  ]
  static let spots = ["river", "forest", "hill", "bridge", "harbour", "road", "meadow", "orchard", "barn", "square"]
}
