//! What tasks are made of: names, places, words; and the general knowledge that a model would have.

/// First names.
pub(super) const FIRST_NAMES: [&str; 16] = [
    "Ada", "Bram", "Chen", "Dara", "Emil", "Fatou", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena", "Mira", "Nils",
    "Olga", "Pavel",
];

/// Last names.
pub(super) const LAST_NAMES: [&str; 16] = [
    "Abbott", "Brandt", "Cordes", "Duarte", "Eklund", "Farkas", "Gomez", "Hollis", "Ivanov", "Jensen", "Keller",
    "Lopez", "Marsh", "Novak", "Okafor", "Petrov",
];

/// Places that are nobody's name.
pub(super) const CITIES: [&str; 16] = [
    "Lisbon", "Oslo", "Turin", "Gdansk", "Porto", "Bergen", "Leeds", "Lyon", "Ghent", "Graz", "Malmo", "Tartu", "Cork",
    "Basel", "Brno", "Seville",
];

/// Things that can be counted.
pub(super) const THINGS: [&str; 8] = ["pens", "cups", "bolts", "books", "lamps", "plates", "keys", "maps"];

/// Goods that are weighed.
pub(super) const GOODS: [&str; 8] = ["timber", "grain", "steel", "coffee", "salt", "cotton", "paper", "copper"];

/// Words of different lengths and initials.
pub(super) const WORDS: [&str; 24] = [
    "apple",
    "bridge",
    "candle",
    "dolphin",
    "elephant",
    "fig",
    "guitar",
    "harbour",
    "island",
    "jacket",
    "kettle",
    "lantern",
    "mountain",
    "notebook",
    "orchard",
    "pencil",
    "quarry",
    "river",
    "sunflower",
    "thunder",
    "umbrella",
    "village",
    "window",
    "yellow",
];

/// Countries and their capitals.
pub(crate) const CAPITALS: [(&str, &str); 16] = [
    ("France", "Paris"),
    ("Japan", "Tokyo"),
    ("Canada", "Ottawa"),
    ("Brazil", "Brasilia"),
    ("Egypt", "Cairo"),
    ("Kenya", "Nairobi"),
    ("Norway", "Oslo"),
    ("Portugal", "Lisbon"),
    ("Peru", "Lima"),
    ("Thailand", "Bangkok"),
    ("Hungary", "Budapest"),
    ("Austria", "Vienna"),
    ("Ireland", "Dublin"),
    ("Cuba", "Havana"),
    ("Ghana", "Accra"),
    ("Poland", "Warsaw"),
];
