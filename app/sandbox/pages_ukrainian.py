"""The sandbox's pages in Ukrainian: English text to Ukrainian text."""

from __future__ import annotations

UKRAINIAN = {
    # every page
    "Skip to the content": "Перейти до змісту",
    "Test mode: no real money moves": "Тестовий режим: справжні гроші не рухаються",
    "Sandbox": "Пісочниця",
    # paying
    "Pay {merchant}": "Оплата для {merchant}",
    "Back without paying": "Повернутися без оплати",
    "To pay today": "До сплати сьогодні",
    "Then {amount} {period}, until it is stopped.": (
        "Далі {amount} {period}, доки підписку не зупинять."
    ),
    "E-mail": "Електронна пошта",
    "How to pay": "Спосіб оплати",
    "Card": "Картка",
    "Bank debit": "Списання з рахунку",
    "The money comes days later, or does not.": "Гроші надходять за кілька днів або не надходять.",
    "Card number": "Номер картки",
    "Expiry, month / year": "Дійсна до, місяць / рік",
    "Security code": "Код безпеки",
    "Bank account (IBAN)": "Банківський рахунок (IBAN)",
    "Name on the card or account": "Ім’я на картці чи рахунку",
    "Pay {amount}": "Сплатити {amount}",
    "Pay {amount} {period}": "Платити {amount} {period}",
    "each day": "щодня",
    "each week": "щотижня",
    "each month": "щомісяця",
    "each year": "щороку",
    # test cards
    "Test cards": "Тестові картки",
    "Choose one and its number is filled in. Any date to come and any code will do.": (
        "Виберіть одну, і номер з’явиться у формі. Підійде будь-яка майбутня дата і будь-який код."
    ),
    "Pays.": "Платить.",
    "The bank asks first (3-D Secure).": "Банк спершу перепитує (3-D Secure).",
    "Is declined: not enough money.": "Відмова: недостатньо коштів.",
    "Is declined each time it is charged.": "Відмова під час кожного списання.",
    "Is declined: the bank gives no reason.": "Відмова: банк не пояснює причини.",
    "Is declined: the card has expired.": "Відмова: строк дії картки минув.",
    "Bank debit: pays three days later.": "Списання з рахунку: платить за три дні.",
    "Bank debit: fails three days later.": "Списання з рахунку: за три дні відмова.",
    # what can be wrong
    "Please look at this again:": "Перегляньте, будь ласка, ще раз:",
    "This page had grown old. Check it and send it again.": (
        "Ця сторінка застаріла. Перевірте її та надішліть ще раз."
    ),
    "Nothing was charged. Another card usually works.": (
        "Нічого не списано. Зазвичай допомагає інша картка."
    ),
    "Enter an e-mail address.": "Введіть адресу електронної пошти.",
    "Enter a bank account.": "Введіть номер рахунку.",
    "Enter a card number.": "Введіть номер картки.",
    "Enter the three or four digits.": "Введіть три або чотири цифри.",
    "Enter a name.": "Введіть ім’я.",
    "Enter the month and the year, such as 12 / 34.": "Введіть місяць і рік, наприклад 12 / 34.",
    "There are twelve months.": "У році дванадцять місяців.",
    "This date has passed.": "Ця дата вже минула.",
    "This is no card number.": "Це не номер картки.",
    "This is no bank account of the sandbox.": "Такого рахунку в пісочниці немає.",
    "Your card was declined.": "Банк відхилив платіж.",
    "Your card has insufficient funds.": "На картці недостатньо коштів.",
    "Your card has expired.": "Строк дії картки минув.",
    "Your card's security code is incorrect.": "Код безпеки картки неправильний.",
    "An error occurred while processing your card. Try again in a little bit.": (
        "Під час обробки картки сталася помилка. Спробуйте трохи згодом."
    ),
    "Your card was declined. Your request was in test mode, but used a non test card.": (
        "Банк відхилив платіж: режим тестовий, а картка не тестова."
    ),
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again.": "Банк не підтвердив платіж. Виберіть інший спосіб оплати.",
    "This way to pay is not offered here.": "Тут так заплатити не можна.",
    # challenge
    "Your bank asks you to confirm": "Банк просить підтвердження",
    "This stands for the page of the reader's bank. {merchant} asks for {amount} from the card "
    "that ends in {last4}.": (
        "Це замість сторінки банку читача. {merchant} просить {amount} з картки, номер якої "
        "закінчується на {last4}."
    ),
    "Confirm the payment of {amount}": "Підтвердити платіж {amount}",
    "Refuse the payment": "Відхилити платіж",
    # closed pages
    "This payment page has closed": "Ця сторінка оплати закрилася",
    "Nothing was charged. Go back and start again.": (
        "Нічого не списано. Поверніться і почніть спочатку."
    ),
    "There is no such page": "Такої сторінки немає",
    "The dashboard of the sandbox leads to all there is.": (
        "Панель пісочниці веде до всього, що тут є."
    ),
    "There is no such payment page": "Такої сторінки оплати немає",
    "The address may be cut short, or the sandbox was started anew.": (
        "Можливо, адреса неповна, або пісочницю запущено наново."
    ),
    "Back to where you came from": "Назад, звідки ви прийшли",
    "This form came from elsewhere": "Ця форма прийшла з іншого місця",
    "Only a page of the sandbox may change it. Nothing was changed.": (
        "Змінювати пісочницю може лише її власна сторінка. Нічого не змінено."
    ),
    # the desk
    "A small Stripe of our own, on this machine only.": (
        "Наш власний маленький Stripe, лише на цій машині."
    ),
    "On this page": "На цій сторінці",
    "Clock": "Годинник",
    "It runs on from here with the real time, and never back.": (
        "Звідси він іде разом зі справжнім часом і ніколи назад."
    ),
    "On by an hour": "На годину вперед",
    "On by a day": "На день уперед",
    "On by a week": "На тиждень уперед",
    "On by a month": "На місяць уперед",
    "On to this time, in UTC": "До цього часу, за UTC",
    "Go on": "Уперед",
    "Customers": "Покупці",
    "The latest, with what they give and how their next charge will end.": (
        "Останні: що дають і чим закінчиться наступне списання."
    ),
    "Find by e-mail": "Знайти за поштою",
    "Find": "Знайти",
    "Nobody with this address.": "З такою адресою нікого немає.",
    "Customer": "Покупець",
    "Subscription": "Підписка",
    "Next renewal": "Наступне поновлення",
    "Next charge": "Наступне списання",
    "Next charge of {name}": "Наступне списання: {name}",
    "Set the next charge of {name}": "Задати наступне списання: {name}",
    "Set": "Задати",
    "none": "немає",
    "no means of payment": "немає способу оплати",
    "Nobody yet. Whoever pays on a checkout page stands here.": (
        "Поки нікого. Тут будуть ті, хто заплатив на сторінці оплати."
    ),
    "pays": "проходить",
    "declined, no reason given": "відмова без пояснення",
    "declined, not enough money": "відмова, недостатньо коштів",
    "declined, card lost": "відмова, картку загублено",
    "declined, card expired": "відмова, строк дії минув",
    "asks the payer first (3-D Secure)": "перепитує платника (3-D Secure)",
    "pays days later": "платить за кілька днів",
    "fails days later": "за кілька днів відмова",
    "Bank debits": "Списання з рахунків",
    "Bank debits on their way": "Списання з рахунків у дорозі",
    "What the bank says": "Що каже банк",
    "It pays": "Платить",
    "It refuses": "Відмовляє",
    "The bank pays {amount} of {name}": "Банк платить {amount}: {name}",
    "The bank refuses {amount} of {name}": "Банк відмовляє в {amount}: {name}",
    "None. A payment by bank debit waits here until the bank has answered.": (
        "Немає. Платіж із рахунку чекає тут, доки банк не відповість."
    ),
    "Payments": "Платежі",
    "When": "Коли",
    "Amount": "Сума",
    "State": "Стан",
    "Give back": "Повернути",
    "Refund all": "Повернути все",
    "Refund this part": "Повернути частину",
    "Refund all of {amount} to {name}": "Повернути всі {amount}: {name}",
    "Refund this part to {name}": "Повернути частину: {name}",
    "Part of {amount} to give back to {name}": "Яку частину з {amount} повернути: {name}",
    "No payment yet.": "Платежів ще немає.",
    "paid": "сплачено",
    "pending": "очікує",
    "failed": "не пройшов",
    "failed: {why}": "не пройшов: {why}",
    "{amount} given back": "повернуто {amount}",
    "disputed": "оскаржено",
    "Events": "Події",
    "The latest, with what the endpoints answered.": "Останні, з відповідями отримувачів.",
    "Type": "Тип",
    "About": "Про що",
    "Again": "Ще раз",
    "Send again": "Надіслати ще раз",
    "Send {type} again": "Надіслати {type} ще раз",
    "Nothing has happened yet.": "Ще нічого не сталося.",
    # what was done
    "The clock has moved.": "Годинник переставлено.",
    "The next charge is set.": "Наступне списання задано.",
    "The bank has answered.": "Банк відповів.",
    "The money was given back.": "Гроші повернуто.",
    "The event was sent again.": "Подію надіслано ще раз.",
    "The disorder is set.": "Безлад налаштовано.",
    "This is no way for a charge to end.": "Так списання закінчитися не може.",
    "This is no time.": "Це не час.",
    "This is no amount.": "Це не сума.",
    # disorder
    "Disorder": "Безлад",
    "How badly events arrive, how patient the billing is, and what money becomes.": (
        "Як погано доходять події, скільки терпіння у виставлення рахунків і на що міняють гроші."
    ),
    "Deliveries": "Доставки",
    "go out": "ідуть",
    "are held back": "затримано",
    "Copies of each event, 1 to 5": "Копій кожної події, від 1 до 5",
    "Events change places within": "Події міняються місцями в межах",
    "Order of a checkout": "Порядок подій оплати",
    "as recorded, A": "як записано, A",
    "as recorded, B": "як записано, B",
    "Seconds until a delivery is due": "Секунд до доставки",
    "Share that is never sent, 0 to 1": "Частка, яку не надсилають, від 0 до 1",
    "Older version of all events": "Старіша версія всіх подій",
    "Times are rounded to seconds": "Час округлено до стількох секунд",
    "Seed of chance": "Зерно випадковості",
    "Days between tries to collect": "Днів між спробами списання",
    "After the last try": "Після останньої спроби",
    "the subscription ends": "підписка закінчується",
    "it is unpaid": "вона несплачена",
    "it stays past due": "вона лишається простроченою",
    "All charges settle in; empty: each in its own currency": (
        "Усі списання зараховувати у валюті (порожньо: кожне у своїй)"
    ),
    "This is no value for this knob.": "Такого значення тут бути не може.",
    "No endpoint wants this event.": "Цієї події не чекає жоден отримувач.",
    "Set the disorder": "Налаштувати безлад",
}

# "every 2 months": the unit after 2, 3, 4 and after all other numbers.
UNITS = {
    "day": ("дні", "днів"),
    "week": ("тижні", "тижнів"),
    "month": ("місяці", "місяців"),
    "year": ("роки", "років"),
}
