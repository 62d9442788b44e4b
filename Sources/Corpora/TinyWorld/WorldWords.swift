/// Words that give the stories their colour; nothing is asked about them.
enum WorldWords {
  static let seasons = ["spring", "summer", "autumn", "winter"]
  static let weathers = [
    "sunny", "rainy", "windy", "foggy", "snowy", "cold", "warm", "quiet", "grey", "bright", "cloudy", "mild", "stormy",
  ]
  static let times = ["morning", "evening", "afternoon", "night", "day"]
  static let things = [
    "lamp", "basket", "ladder", "letter", "blanket", "hammer", "bucket", "kettle", "map", "key", "broom", "bottle",
  ]
  static let spots = ["river", "forest", "hill", "bridge", "harbour", "road", "meadow", "orchard", "barn", "square"]

  static let adjectives = words(
    """
    ancient angry beautiful bitter bold brave brilliant broken busy careful cheap clean clever clumsy crooked crowded \
    damp dark delicate dusty eager early easy empty enormous faint fair faithful famous fancy fierce fine flat fragile \
    fresh gentle giant golden graceful grand greedy handsome heavy hidden hollow honest huge humble icy idle jolly kind \
    lazy little lonely long loud lovely lucky modest muddy mysterious narrow neat noble noisy odd patient peaceful \
    plain playful pleasant polite poor precious pretty quick rare rich ripe rough round rusty sad shiny short shy \
    silent simple slow small smooth soft solid splendid steep strange strong sturdy sweet swift tall tame tender thick \
    thin tiny tough tricky ugly unusual useful vast warm wet wide wild wise wonderful wooden worn young
    """)

  static let nouns = words(
    """
    acorn anchor apron arch arrow badge balcony barrel basin bead beetle bench berry bird blossom bone book boot \
    bowl box branch brick brush bubble bundle butterfly button cabin cage camp canal candle canvas cape cart cave cellar \
    chain chair chest chimney circle cloak cloud coat comb compass copper corner cottage cradle crate crown cup curtain \
    diary ditch door dress duck eagle echo engine fence field fire flag flame floor flour frame frog gate gift glove \
    grain grave hall hat hawk hedge helmet hook hut insect island jacket jar jewel kite knot lake lane lantern leaf \
    lizard loaf lock log lion market mask mirror mountain mouse mushroom nail needle nest net oak oar oven paddle page \
    path pebble pencil pepper pigeon pillow pipe pitcher plank plate pocket pond pot pouch puppet puzzle quilt raft \
    ribbon ring robe rock roof root sack saddle sail sand scarf seed shelf shield ship shoe shop shovel sign sleeve \
    smoke snail spade spark spider spoon stable stair star stick storm stove stream string swan table tent thread ticket \
    toad torch town toy track tray tree trunk tunnel valley vase veil village vine wagon wall wave wheel willow window \
    wing wolf workshop yard
    """)

  static let verbs = words(
    """
    admired borrowed carved chased cleaned counted covered described discovered drew dropped examined fetched \
    followed guarded imagined inspected lifted measured mended missed moved named noticed opened packed passed picked \
    polished pulled pushed reached remembered rolled searched shared shook studied touched traded turned visited wanted \
    washed watched wished wrapped
    """)

  static let adverbs = words(
    """
    again alone already always anyway bravely calmly carefully early eagerly finally gladly happily kindly later \
    loudly often once politely proudly quickly quietly rarely sadly secretly slowly softly sometimes suddenly together \
    twice warmly
    """)

  private static func words(_ list: String) -> [String] {
    list.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
  }
}
