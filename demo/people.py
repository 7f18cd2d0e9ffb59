"""Made-up people: the same ones every time for a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FEMALE = (
    "Ana Beatriz Carmen Daniela Elena Fiona Grace Hannah Irene Julia Karen Laura Maria Nadia Olivia Paula Rachel "
    "Sofia Teresa Ursula Valeria Wendy Ximena Yasmin Zoe Alice Bella Claire Dora Emma Frances Gloria Helen Isabel "
    "Joan Lucia Marta Nora Priya Ruth"
).split()
MALE = (
    "Adam Bruno Carlos David Ethan Felix Gabriel Henry Ivan Jorge Kevin Luis Marco Nathan Oscar Pedro Quentin Ramon "
    "Samuel Tomas Umar Victor Walter Xavier Yusuf Zachary Andre Benjamin Cesar Diego Edward Frank George Hugo Isaac "
    "Jack Leon Miguel Noah Omar"
).split()
FAMILY = (
    "Alvarez Baker Castillo Dawson Ellis Fischer Garcia Hughes Ibarra Jensen Kim Lopez Mitchell Nguyen O'Brien Patel "
    "Quinn Rivera Singh Torres Underwood Vargas Walsh Xu Young Zimmer Anders Bishop Chavez Duarte Evans Flores Gomez "
    "Harris Ingram Jordan Khan Lindqvist Moreno Nakamura Ortega Perez Ramirez Sanchez Thompson Vega Weber Wright "
    "Acosta Brandt Cole Diaz Espinoza Foster Grant Herrera Jimenez Keller Lang Mendoza Novak Ochoa Park Reyes Santos "
    "Tanaka Urbina Vasquez Ward Zapata"
).split()
STREETS = ("Oak Street", "Maple Avenue", "River Road", "Second Street", "Hill Lane", "Park Avenue", "Mission Street")


@dataclass(frozen=True)
class Person:
    """Who somebody is, before the clinic knows them."""

    given_name: str
    family_name: str
    sex: str
    birth_on: date
    email: str
    phone: str
    address: str
    language: str


def people(count: int, *, random: Random, today: date) -> list[Person]:
    """`count` people, no two with the same name."""
    made: dict[tuple[str, str], Person] = {}
    while len(made) < count:
        sex = random.choice(["female", "female", "male"])
        given = random.choice(FEMALE if sex == "female" else MALE)
        family = random.choice(FAMILY)
        if (given, family) not in made:
            made[given, family] = _person(given, family, sex, number=len(made), random=random, today=today)
    return list(made.values())


def _person(given: str, family: str, sex: str, *, number: int, random: Random, today: date) -> Person:
    years = min(88, max(17, round(random.gauss(49, 16))))
    return Person(
        given_name=given,
        family_name=family,
        sex=sex,
        birth_on=today - timedelta(days=years * 365 + random.randrange(365)),
        email=f"{given}.{family}{number}@patients.example".lower().replace("'", ""),
        # 555-0100 to 555-0199 are kept free for fiction in every area code.
        phone=f"+1{random.choice([212, 213, 310, 646])}555{100 + number % 100:04d}",
        address=f"{random.randrange(10, 990)} {random.choice(STREETS)}",
        language="es" if random.random() < 0.22 else "en",
    )
