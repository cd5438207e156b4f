"""The people of the demo newsroom: invented names, addresses that belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_WOMEN = (
    "Halyna Oksana Olena Iryna Natalia Kateryna Yulia Daryna Sofiia Anna Tetiana Larysa Svitlana "
    "Viktoriia Maryna Nadia Lesia Zoriana Khrystyna Alla Vira Liudmyla Polina Solomiia"
)
_MEN = (
    "Viktor Andrii Taras Oleh Pavlo Serhii Mykola Bohdan Dmytro Ihor Yurii Roman Vasyl Petro "
    "Maksym Ostap Artem Denys Kyrylo Nazar Stepan Volodymyr Yevhen Marko"
)
_FAMILIES = (
    "Melnyk Shevchenko Bondar Kovalenko Tkachenko Kravchuk Oliinyk Hrytsenko Savchuk Moroz "
    "Petrenko Marchuk Lysenko Rudenko Koval Polishchuk Levchenko Hnatiuk Pavlenko Sydorenko "
    "Zinchenko Klymenko Romaniuk Vasylenko Honchar Kostiuk Danylko Fedorenko Tymoshchuk Bilyk"
)
_ABROAD = (
    "Anna Wójcik;Sofie Lindqvist;Jonas Weber;Marta Kowalska;Claire Dubois;Tomás Novák;"
    "Ingrid Larsen;Lucas Meyer;Emma Jansen;Paul O’Connor;Greta Fischer;Mateusz Zieliński;"
    "Alice Moreau;Henrik Olsen;Laura Rossi;David Cohen;Katrin Huber;Piotr Nowak;Sarah Miller;"
    "James Carter;Nina Petersen;Elena Popescu;Marek Svoboda;Julia Schmidt"
)
WOMEN, MEN, FAMILIES = _WOMEN.split(), _MEN.split(), _FAMILIES.split()
ABROAD = _ABROAD.split(";")
LATIN = str.maketrans("óńściłęążáěřü’", "onscileazaeru-")


@dataclass(frozen=True, slots=True)
class Invented:
    """A person who does not exist."""

    name: str
    email: str
    language: str


def invent(random: Random, count: int) -> list[Invented]:
    """So many people with different addresses, the same for the same random seed."""
    people: list[Invented] = []
    taken: set[str] = set()
    while len(people) < count:
        abroad = random.random() < 0.22
        name = random.choice(ABROAD) if abroad else _local(random)
        slug = name.lower().translate(LATIN).replace(" ", ".")
        email = f"{slug}@example.org"
        if email in taken:
            email = f"{slug}.{random.randint(2, 9999)}@example.net"
        if email in taken:
            continue
        taken.add(email)
        ukrainian = not abroad and random.random() < 0.75
        people.append(Invented(name, email, "uk" if ukrainian else "en"))
    return people


def _local(random: Random) -> str:
    return f"{random.choice(WOMEN + MEN)} {random.choice(FAMILIES)}"
