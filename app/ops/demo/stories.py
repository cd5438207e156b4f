"""What the demo newsroom's readers voted on, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Idea:
    """A topic in both languages. ``pull`` is how much readers want it, 0 to 1."""

    title: str
    text: str
    title_uk: str
    text_uk: str
    proposer: str | None  # shown name; None is "a reader", "" the newsroom itself
    weeks: int
    pull: float


@dataclass(frozen=True, slots=True)
class Vote:
    """One round: when, relative to the day the demo is built for, and what came after.

    ``steps`` are (days after closing, status, note).
    """

    opened_days_ago: int
    days_open: int
    ideas: tuple[Idea, ...]
    steps: tuple[tuple[int, str, str], ...] = ()
    reporter: str = ""


QUESTION = {"en": "What should we look into next?", "uk": "Що нам дослідити далі?"}

LIBRARY = Vote(
    opened_days_ago=236,
    days_open=10,
    reporter="Olena Marchenko",
    ideas=(
        Idea(
            "The library that was only closed for a week",
            "Its door has said so since 2023. We would ask who decided, and what it costs to open.",
            "Бібліотека, яку закрили лише на тиждень",
            "Напис на дверях висить із 2023 року. З’ясуємо, хто вирішив і скільки коштує відкрити.",
            "Nadia M.", 4, 0.62,
        ),
        Idea(
            "Who tunes the church bells",
            "A craft with two people left in the region.",
            "Хто налаштовує дзвони",
            "Ремесло, у якому в області лишилося двоє людей.",
            None, 2, 0.22,
        ),
        Idea(
            "The price of a school lunch",
            "Four districts, four prices, one supplier.",
            "Ціна шкільного обіду",
            "Чотири райони, чотири ціни, один постачальник.",
            "Roman K.", 3, 0.44,
        ),
        Idea(
            "Street lights that are paid for and dark",
            "We would compare the invoices with the streets.",
            "Ліхтарі, за які платять і які не світять",
            "Порівняємо рахунки з вулицями.",
            "", 3, 0.37,
        ),
    ),
    steps=(
        (3, "reporting", "We asked the city for the decision."),
        (38, "published", "The city gave a new date: May 2027."),
    ),
)  # fmt: skip
INSULIN = Vote(
    opened_days_ago=140,
    days_open=12,
    reporter="Taras Kovalenko",
    ideas=(
        Idea(
            "What a month of insulin costs, street by street",
            "Prices are capped, and still differ by half. We would ask in every pharmacy.",
            "Скільки коштує місяць інсуліну на кожній вулиці",
            "Ціна обмежена, а різниться в півтора раза. Запитаємо в кожній аптеці.",
            "Iryna B.", 6, 0.58,
        ),
        Idea(
            "The river bank that was sold twice",
            "Two deeds for one beach.",
            "Берег, який продали двічі",
            "Два договори на один пляж.",
            None, 5, 0.49,
        ),
        Idea(
            "Where the old trams go",
            "From the depot to a scrapyard, by way of three owners.",
            "Куди зникають старі трамваї",
            "З депо на брухт через трьох власників.",
            "Oleh S.", 3, 0.31,
        ),
        Idea(
            "Lifts in houses of nine floors",
            "How long people wait for a part, and who carries the shopping.",
            "Ліфти в дев’ятиповерхівках",
            "Скільки чекають на деталь і хто носить сумки.",
            "Larysa P.", 4, 0.35,
        ),
        Idea(
            "The market that moved",
            "Two hundred stalls, one notice.",
            "Ринок, який переїхав",
            "Двісті яток, одне оголошення.",
            "", 3, 0.2,
        ),
    ),
    steps=(
        (4, "reporting", "We began with 63 pharmacies."),
        (51, "published", "Eleven now sell at the capped price."),
    ),
)  # fmt: skip
AMBULANCES = Vote(
    opened_days_ago=43,
    days_open=13,
    reporter="Olena Marchenko",
    ideas=(
        Idea(
            "Ambulances: how long the left bank waits",
            "We would ask for the call records of a year and ride along at night.",
            "Швидка: скільки чекає лівий берег",
            "Запросимо записи викликів за рік і поїдемо з екіпажем уночі.",
            "Svitlana T.", 6, 0.61,
        ),
        Idea(
            "Trees felled on the embankment",
            "Which permit they fell under, and what was planted instead.",
            "Дерева, зрубані на набережній",
            "За яким дозволом і що посадили натомість.",
            None, 3, 0.45,
        ),
        Idea(
            "Night buses that never came",
            "The timetable says 14 a night. We would count.",
            "Нічні автобуси, яких не було",
            "За розкладом їх 14 за ніч. Порахуємо.",
            "Bohdan L.", 2, 0.41,
        ),
        Idea(
            "Who cleans the beaches",
            "A contract, a rake and a summer.",
            "Хто прибирає пляжі",
            "Договір, граблі й літо.",
            None, 2, 0.34,
        ),
        Idea(
            "The stadium’s second budget",
            "It was finished once already.",
            "Другий бюджет стадіону",
            "Його вже раз добудували.",
            "Pavlo H.", 5, 0.24,
        ),
        Idea(
            "Dogs of the industrial zone",
            "Who feeds them, who fears them.",
            "Собаки промзони",
            "Хто їх годує, хто їх боїться.",
            None, 2, 0.18,
        ),
    ),
    steps=(
        (8, "reporting", "We asked for 1,120 call records and received them. Out in three weeks."),
    ),
)  # fmt: skip
RUNNING = Vote(
    opened_days_ago=8,
    days_open=13,
    ideas=(
        Idea(
            "Where the rebuilding money goes",
            "Forty-one apartment blocks on the left bank were listed as repaired. We would visit "
            "each one and compare it with its contract.",
            "Куди йдуть гроші на відбудову",
            "Сорок один будинок на лівому березі значиться відремонтованим. Відвідаємо кожен і "
            "порівняємо з договором.",
            "Halyna P.", 6, 0.5,
        ),
        Idea(
            "Rents for people who had to move",
            "What displaced families pay for a room in Dnipro, who sets the price, and which "
            "contracts are worth nothing in court.",
            "Оренда для тих, хто мусив переїхати",
            "Скільки переселенці платять за кімнату в Дніпрі, хто встановлює ціну і які договори "
            "нічого не варті в суді.",
            None, 4, 0.42,
        ),
        Idea(
            "Brown water in three districts",
            "Residents keep a diary of what comes out of the tap. We would have it tested and ask "
            "who is answerable for the pumps.",
            "Бура вода у трьох районах",
            "Мешканці ведуть щоденник того, що тече з крана. Здамо воду на аналіз і спитаємо, хто "
            "відповідає за насоси.",
            "Viktor S.", 3, 0.47,
        ),
        Idea(
            "Schools that teach below ground",
            "Which schools have a shelter they can teach in, which are still waiting, and where "
            "the money stopped.",
            "Школи, що вчать під землею",
            "Які школи мають укриття для уроків, які ще чекають і де зупинилися гроші.",
            "", 5, 0.44,
        ),
        Idea(
            "The tram depot and its new owner",
            "A depot was leased for 49 years for less than a flat costs. We would read the whole "
            "file.",
            "Трамвайне депо та його новий власник",
            "Депо здали на 49 років дешевше за квартиру. Прочитаємо всю справу.",
            "Oksana L.", 3, 0.33,
        ),
        Idea(
            "Sand from the Samara",
            "Who dredges the river mouth, under which permit, and what it does to the banks in "
            "flood.",
            "Пісок із Самари",
            "Хто черпає пісок у гирлі, за яким дозволом і що буває з берегами в повінь.",
            None, 7, 0.27,
        ),
    ),
)  # fmt: skip

PAST = (LIBRARY, INSULIN, AMBULANCES)
WAITING = (
    ("Potholes with a warranty", "Which repaired streets are still under warranty, and who has "
     "ever claimed it.", None),
    ("What happens to the batteries", "There is a box in every supermarket. We would follow one.",
     "Marta K."),
    ("The choir that rehearses in the metro", "Fifty people, one platform, every Tuesday.",
     "Sofie L."),
)  # fmt: skip
