"""What the titles and people of the demo are called, and what is said of them, in English and in Spanish."""

from typing import Final

ADJECTIVES: Final = (
    ("Silent", "silencioso"), ("Crimson", "carmesí"), ("Last", "último"), ("Hidden", "oculto"), ("Golden",
    "dorado"), ("Broken", "roto"), ("Distant", "lejano"), ("Midnight", "nocturno"), ("Forgotten", "olvidado"),
    ("Northern", "boreal"), ("Paper", "de papel"), ("Restless", "inquieto"), ("Winter", "de invierno"), ("Velvet",
    "de terciopelo"), ("Electric", "eléctrico"), ("Gentle", "apacible"), ("Lonely", "solitario"), ("Burning",
    "ardiente"), ("Secret", "secreto"), ("Wandering", "errante"), ("Iron", "de hierro"), ("Blue", "azul"),
    ("Borrowed", "prestado"), ("Quiet", "callado"), ("Salt", "de sal"), ("Patient", "paciente"), ("Hollow",
    "hueco"), ("Second", "segundo"), ("Copper", "de cobre"), ("Endless", "sin fin"),
)  # fmt: skip
NOUNS: Final = (
    ("Harbour", "puerto"), ("Orchard", "huerto"), ("Lantern", "farol"), ("River", "río"), ("Letter", "mensaje"),
    ("Station", "andén"), ("Garden", "jardín"), ("Mirror", "espejo"), ("Island", "islote"), ("Train", "tren"),
    ("Winter", "invierno"), ("Bridge", "puente"), ("Mountain", "monte"), ("Theatre", "teatro"), ("Signal",
    "aviso"), ("Compass", "compás"), ("Lighthouse", "faro"), ("Witness", "testigo"), ("Journey", "viaje"),
    ("Kingdom", "reino"), ("Circus", "circo"), ("Market", "mercado"), ("Desert", "desierto"), ("Village",
    "pueblo"), ("Ocean", "océano"), ("Painter", "pintor"), ("Clockmaker", "relojero"), ("Sailor", "marinero"),
    ("Stranger", "forastero"), ("Baker", "panadero"), ("Pilot", "piloto"), ("Balcony", "balcón"), ("Piano",
    "piano"), ("Forest", "bosque"), ("Summer", "verano"), ("Canyon", "cañón"), ("Window", "ventanal"),
    ("Shepherd", "pastor"), ("Archive", "archivo"), ("Comet", "cometa"),
)  # fmt: skip
PLACES: Final = (
    "Lisbon", "Trieste", "Oaxaca", "Bergen", "Cádiz", "Galway", "Montevideo", "Porto", "Gdańsk", "Tbilisi",
    "Valparaíso", "Antwerp", "Split", "Salamanca", "Reykjavík", "Matera", "Quito", "Halifax", "Ghent",
    "Tangier", "Girona", "Odense", "Cartagena", "Ljubljana", "Tartu", "Cork", "Nantes", "Rosario", "Izmir",
    "Bari", "Vigo", "Turku", "Graz", "Bilbao", "Malmö", "Arequipa", "Zadar", "Leuven", "Sibiu", "Coimbra",
)  # fmt: skip
FIRST: Final = (
    "Ada", "Bruno", "Clara", "Dario", "Elena", "Felix", "Greta", "Hugo", "Inés", "Jonas", "Katya", "Luca",
    "Marta", "Nils", "Olivia", "Pablo", "Quentin", "Rosa", "Samir", "Tilda", "Umberto", "Vera", "Wim", "Ximena",
    "Yannick", "Zoé",
)  # fmt: skip
LAST: Final = (
    "Almeida", "Bergström", "Castellano", "Duarte", "Eriksen", "Ferrer", "Grimaldi", "Hollis", "Ibarra",
    "Jansen", "Kowalski", "Lindqvist", "Marchetti", "Novák", "Okafor", "Petrov", "Quiroga", "Rasmussen",
    "Santoro", "Takeda", "Ulrich", "Villanueva", "Whitlock", "Yildiz", "Zanetti",
)  # fmt: skip
GENRES: Final = (
    "Drama", "Comedy", "Thriller", "Documentary", "Science Fiction", "Romance", "Adventure", "Mystery",
    "Western", "Noir", "Family", "Music",
)  # fmt: skip
TAGS: Final = (
    "classic", "festival", "weekend", "night", "family", "black-and-white", "based-on-a-true-story", "road",
    "sea", "city", "winter", "restored",
)  # fmt: skip
RATINGS: Final = (
    "TV-G", "TV-PG", "TV-14", "TV-MA",
)  # fmt: skip
COUNTRIES: Final = (
    "ES", "PT", "IT", "FR", "DE", "GB", "IE", "US", "MX", "AR", "CL", "SE",
)  # fmt: skip

PLOTS: Final = (
    (
        "A {who} comes back to {place} after twenty years, and finds that somebody has been answering the letters.",
        "Tras veinte años, alguien vuelve a {place} y descubre que otra persona ha contestado sus cartas.",
    ),
    (
        "When the ferry to {place} is late, five strangers have one night to decide what to do with a suitcase.",
        "El barco de {place} se retrasa y cinco desconocidos tienen una noche para decidir qué hacer con una maleta.",
    ),
    (
        "The oldest {who} of {place} takes on one last job, and an apprentice who asks too many questions.",
        "En {place}, el trabajo de toda una vida termina con un último encargo y un aprendiz que pregunta demasiado.",
    ),
    (
        "A summer in {place}, told by those who stayed: the heat, the strike, and the film that was never finished.",
        "Un verano en {place} contado por quienes se quedaron: el calor, la huelga y la película inacabada.",
    ),
    (
        "Nobody in {place} believes the {who}, until the clocks stop.",
        "Nadie en {place} cree lo que se cuenta, hasta que se paran los relojes.",
    ),
)
WHO: Final = ("cartographer", "violinist", "night porter", "radio operator", "beekeeper", "translator", "glassblower")
