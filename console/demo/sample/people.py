"""People, companies and places: names that somebody could have."""

from __future__ import annotations

from collections.abc import Iterator

from console.demo.sample.draw import Draw
from console.demo.sample.prose import slug

_GIVEN = """
Aaliyah Adaeze Aiko Alejandro Amara Amina Anders Anjali Annika Antoine Arjun Astrid Ayşe Beatriz Bilal Bruno Camille
Carlos Chiara Chloé Daniel Deepa Dmitri Elena Elif Emeka Emma Fatima Felix Francesca Freja Gabriel Giulia Grace Hana
Hannah Henrik Hiroshi Ifeoma Ines Ingrid Isabel Ivan Jakub James Jana Javier Jin João Jonas Julia Kaito Karim
Katarzyna Kofi Lars Laura Leila Liam Linh Lucía Luka Magnus Mai Marco Maria Mariam Mateo Matthias Mei Mia Mikko
Min-jun Mohammed Nadia Naledi Naoko Nia Nikolai Noah Noor Olga Oliver Omar Oscar Paola Patrick Petra Priya Rafael
Rahul Rania Robin Rosa Sanna Sara Sebastian Sofia Soren Sunita Tariq Thabo Thomas Tomás Valentina Viktor Wanjiru Wei
Yara Yusuf Zanele Zoë Zuzana
"""
GIVEN = _GIVEN.split()
_FAMILY = """
Abdi Adeyemi Ahmed Almeida Andersson Bakker Banerjee Becker Berg Bianchi Bonnet Brandt Carvalho Chen Cohen Costa Dahl
Das Diaz Dlamini Dubois Eriksen Fernandes Ferrari Fischer Fontaine Fujita Garcia Georgiou Goldberg Gupta Haddad Hansen
Hernandez Hoffmann Horvat Hughes Ito Ivanova Iyer Jansen Jensen Johansson Kamau Kaplan Kaur Keller Khan Kim Kovacs
Kowalski Kumar Lambert Larsen Lee Lindqvist Lopez Mancini Martin Mbeki Mehta Mensah Meyer Moreau Morgan Müller Murphy
Nakamura Nair Ndiaye Nguyen Nielsen Novak O'Connor Okafor Olsen Onyango Ortiz Osei Park Patel Pereira Petrov Popescu
Quinn Rahman Rossi Russo Saito Salazar Santos Sato Schmidt Schneider Shah Silva Singh Smith Sokolov Sørensen Suzuki
Svensson Tanaka Thompson Torres Tran Vargas Virtanen Visser Wagner Walker Wang Weber Williams Wójcik Yamamoto Yılmaz
Zhang Zhou
"""
FAMILY = _FAMILY.split()
_COMPANY_FIRST = """
Acorn Alder Arctic Aurora Basalt Beacon Birch Blue Bright Cedar Cobalt Copper Coral Delta Ember Falcon Fern Flint
Granite Harbour Hazel Helio Indigo Juniper Kestrel Lark Lighthouse Linden Lumen Maple Meridian Moss Nimbus North Oak
Onyx Orchid Osprey Otter Pine Polar Quartz Raven Reef River Saffron Sage Silver Slate Spruce Summit Swift Tide Timber
Topaz Umber Vela Willow Wren
"""
COMPANY_FIRST = _COMPANY_FIRST.split()
COMPANY_SECOND = {
    "software": ("Systems", "Software", "Labs", "Works"),
    "analytics": ("Analytics", "Data", "Insights"),
    "cloud": ("Cloud", "Compute", "Hosting"),
    "finance": ("Pay", "Capital", "Ledger"),
    "energy": ("Energy", "Power", "Grid"),
    "health": ("Health", "Care", "Bio"),
    "robotics": ("Robotics", "Motion"),
    "media": ("Media", "Press", "Studio"),
    "security": ("Security", "Shield", "Trust"),
    "consulting": ("Consulting", "Partners", "Advisory"),
}
SUFFIXES = ("", "", "", " GmbH", " Ltd", " Inc", " AB", " SAS", " BV", " Oy")
CITIES = (
    ("Amsterdam", "NL", "Europe/Amsterdam", 52.37, 4.90),
    ("Athens", "GR", "Europe/Athens", 37.98, 23.73),
    ("Austin", "US", "America/Chicago", 30.27, -97.74),
    ("Bangalore", "IN", "Asia/Kolkata", 12.97, 77.59),
    ("Barcelona", "ES", "Europe/Madrid", 41.39, 2.17),
    ("Berlin", "DE", "Europe/Berlin", 52.52, 13.41),
    ("Boston", "US", "America/New_York", 42.36, -71.06),
    ("Brno", "CZ", "Europe/Prague", 49.20, 16.61),
    ("Cape Town", "ZA", "Africa/Johannesburg", -33.92, 18.42),
    ("Copenhagen", "DK", "Europe/Copenhagen", 55.68, 12.57),
    ("Dublin", "IE", "Europe/Dublin", 53.35, -6.26),
    ("Edinburgh", "GB", "Europe/London", 55.95, -3.19),
    ("Gothenburg", "SE", "Europe/Stockholm", 57.71, 11.97),
    ("Hamburg", "DE", "Europe/Berlin", 53.55, 9.99),
    ("Helsinki", "FI", "Europe/Helsinki", 60.17, 24.94),
    ("Kraków", "PL", "Europe/Warsaw", 50.06, 19.94),
    ("Lagos", "NG", "Africa/Lagos", 6.52, 3.38),
    ("Lisbon", "PT", "Europe/Lisbon", 38.72, -9.14),
    ("London", "GB", "Europe/London", 51.51, -0.13),
    ("Lyon", "FR", "Europe/Paris", 45.76, 4.84),
    ("Melbourne", "AU", "Australia/Melbourne", -37.81, 144.96),
    ("Milan", "IT", "Europe/Rome", 45.46, 9.19),
    ("Montréal", "CA", "America/Toronto", 45.50, -73.57),
    ("Nairobi", "KE", "Africa/Nairobi", -1.29, 36.82),
    ("Oslo", "NO", "Europe/Oslo", 59.91, 10.75),
    ("Portland", "US", "America/Los_Angeles", 45.52, -122.68),
    ("Prague", "CZ", "Europe/Prague", 50.08, 14.44),
    ("San Francisco", "US", "America/Los_Angeles", 37.77, -122.42),
    ("São Paulo", "BR", "America/Sao_Paulo", -23.55, -46.63),
    ("Seoul", "KR", "Asia/Seoul", 37.57, 126.98),
    ("Singapore", "SG", "Asia/Singapore", 1.35, 103.82),
    ("Tallinn", "EE", "Europe/Tallinn", 59.44, 24.75),
    ("Tokyo", "JP", "Asia/Tokyo", 35.68, 139.69),
    ("Toronto", "CA", "America/Toronto", 43.65, -79.38),
    ("Vienna", "AT", "Europe/Vienna", 48.21, 16.37),
    ("Zürich", "CH", "Europe/Zurich", 47.38, 8.54),
)
HOSTS = ("example.com", "example.org", "example.net")
"""Reserved by RFC 2606: nobody's mail, nobody's pages."""


def full_names(draw: Draw) -> Iterator[str]:
    """Different people, without end until the names are used up."""
    pairs = [(given, family) for given in GIVEN for family in FAMILY]
    draw.shuffle(pairs)
    return (f"{given} {family}" for given, family in pairs)


def email(name: str, host: str) -> str:
    return f"{slug(name).replace('-', '.')}@{host}"


def companies(draw: Draw) -> Iterator[tuple[str, str]]:
    """Different companies: name and industry."""
    pairs = [
        (f"{first} {second}", industry)
        for first in COMPANY_FIRST
        for industry, seconds in COMPANY_SECOND.items()
        for second in seconds
    ]
    draw.shuffle(pairs)
    return ((name + draw.choice(SUFFIXES), industry) for name, industry in pairs)
