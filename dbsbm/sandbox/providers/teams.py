"""Invented teams: no league, team or place here is a real one."""

# ruff: noqa: RUF001 - names in many alphabets are the point

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Team:
    """A team of one sandbox league.

    Attributes:
        number: Unique within the sport.
        rating: Strength on the Elo scale, around 1500.
        color: Six hexadecimal digits.
    """

    number: int
    name: str
    abbreviation: str
    color: str
    alternate_color: str
    rating: int


GRIDIRON = """
HCL Harbor City Lanterns|CFE Cinder Falls Embers|PEH Port Ellery Herons|RSP Redstone Prospectors
MJM Maple Junction Millers|SBO Silver Bay Otters|GPI Granite Peak Ibex|KRP Kettle River Pilots
DUN Dunmore Furriers|LKT Lakemont Currents|ASB Ashford Beacons|PNO Pinehollow Owls
BWA Brightwater Anchors|CDF Coldwater Ferrymen|SMC Saltmarsh Cranes|EVS Eastvale Stags
"""
HOOPS = """
WEX Wexley Meteors|TBF Thornbury Falconers|MLJ Mesa Linda Javelinas|GIC Gull Island Corsairs
RVC Riverton Clockmakers|STM Stonebridge Masons|HMD Highmoor Drifters|OAK Oakhurst Woodsmen
FHS Fairhaven Skippers|NOR Norwick Kestrels|TAL Tallgrass Plowmen|CYP Cypress Bend Egrets
VAN Vantage Point Scouts|ELM Elmstead Weavers|IRN Irongate Smiths|JUN Juniper Flats Hares
QUA Quarry Lake Divers|BLU Bluffton Signals|SUN Sunfield Larks|WOL Wolcott Tinkers
AMB Amberley Bees|ROS Roswold Wyverns|CAN Canal Street Bargemen|LOW Lowell Point Gulls
"""
DIAMOND = """
ARD Ardmoor Wrens|BEL Bellweather Chimes|CRO Crofton Haymakers|DEL Delmont Rivermen
ELK Elkhorn Bend Moose|FER Ferndale Lamplighters|GAR Garnet Valley Miners|HOL Hollis Grove Robins
IVY Ivywood Gardeners|KEN Kenmare Shamblers|LAR Larkspur Bumblebees|MIL Millrace Wheelwrights
NEW Newhaven Dockers|ORC Orchard Hills Pickers|PEM Pemberly Magpies|RAV Ravensmoor Coopers
"""
ICE = """
AUR Aurora Bay Narwhals|BOR Boreal Falls Lumberjacks|CAR Caribou Lake Scouts|DRF Driftwood Walruses
EVR Everfrost Malamutes|FJO Fjordgate Icebreakers|GLA Glacier Point Yetis|HUD Hudsonville Mariners
ICI Icicle Creek Ermines|KOD Kodiak Sound Keepers|LYN Lynx Hollow Snowshoes|MOO Mossjaw Bay Loons
NOR Northgate Sentinels|PIN Pine Barrens Stoats|SLE Sleetwood Rooks|TUN Tundra Vale Musk Oxen
"""
ALBION = """
ABW Abbeywick Athletic|BRA Bramblecombe Town|CHE Cheverton Rovers|DUN Dunsmere United
EAS Eastholme Albion|FEN Fenwater City|GRE Greyfriars|HAR Harrowgate Vale
KES Kestermouth|LIN Lindenbrook Wanderers|MAR Marshfleet Borough|OAK Oakenshaw
STO Stokeby Rangers|WYC Wychford Harriers
"""
TRANSCONTINENTAL = """
BRV Étoile de Brévent|CJO Ciudad Jocón|SJB São João da Barra Azul|ASK Åskvik BK
MUE Mühlenbrück 09|LEG Łęgowo Żubry|RAU Șoimii Râul Alb|CIN Çınarköy Spor
PEN Peñaflor del Río|OST Østerøya IL|HRE Hřebeč Slavoj|NGU Nguyệt Hồ FC
KOP Kópasker Fálkar|VAL Valparaíso Nuevo
"""
MERIDIAN = """
POL Полюс Белогорье|NAF Ναυτικός Λίμνης|NJM نجوم الواحة|AOI 青波港町
HAN 한별 유나이티드|TIK תקווה הגליל|BRV Étoile de Brévent|QRT Quarteto do Mar
ASH आशा नगर|ARE Արեգակ Լոռի|MTI მთიელი ყაზბეგი|LUM Lumière-sur-Oise
SOL Solberga IF|TRA Trastevolo Calcio|DON Donauwerft Linzau|PHX ฟีนิกซ์ ริมน้ำ
"""


def read_teams(lines: str, *, first_number: int) -> tuple[Team, ...]:
    """Return the teams of a table of "ABC Name" entries separated by bars and line ends."""
    entries = [entry for line in lines.split("\n") for entry in line.split("|") if entry.strip()]
    return tuple(_team(entry, first_number + place) for place, entry in enumerate(entries))


def _team(entry: str, number: int) -> Team:
    abbreviation, name = entry.strip().split(" ", 1)
    chance = Random(f"team {name}")  # noqa: S311 - colours, not secrets
    hue = chance.random()
    return Team(
        number=number,
        name=name,
        abbreviation=abbreviation,
        color=_hex(hue, 0.8, 0.55),
        alternate_color=_hex(hue + 0.45, 0.35, 0.95),
        rating=chance.randrange(1380, 1620),
    )


def _hex(hue: float, saturation: float, value: float) -> str:
    channels = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return "".join(f"{round(channel * 255):02x}" for channel in channels)
