"""The texts a new newsroom starts with, in both languages; each has its place on a page."""

from __future__ import annotations

DEFAULT_TEXTS: dict[str, dict[str, str]] = {
    "ask.title": {
        "en": "One coffee a month. One vote on what we report next.",
        "uk": "Одна кава на місяць. Один голос за нашу наступну тему.",
    },
    "ask.lead": {
        "en": "Nothing here is behind a paywall. Readers keep it that way. Every patron has one "
        "vote on our next investigation, whatever they give.",
        "uk": "Усе тут відкрито для кожного, і це завдяки читачам. Кожен патрон має один голос "
        "у виборі наступного розслідування, незалежно від суми.",
    },
    "ask.goal": {
        "en": "This is what our reporters cost each month.",
        "uk": "Стільки щомісяця коштує робота наших репортерів.",
    },
    "join.coffee": {
        "en": "A cup of coffee where we are costs about as much as the smallest amount.",
        "uk": "Чашка кави в нашому місті коштує приблизно як найменша сума.",
    },
    "ways": {
        "en": "## Bank transfer\n\nWrite to us and we will send you the account to transfer to. "
        "A transfer gives the same rights as a card.\n\n## Tell somebody\n\nSend an article to "
        "one person who should read it.\n\n## Your skills\n\nTranslation, data, law, a spare "
        "room for a reporter on the road: write to us.",
        "uk": "## Банківський переказ\n\nНапишіть нам, і ми надішлемо реквізити. Переказ дає ті "
        "самі права, що й картка.\n\n## Розкажіть комусь\n\nНадішліть статтю тому, кому варто її "
        "прочитати.\n\n## Ваші вміння\n\nПереклад, дані, право, кімната для репортера в дорозі: "
        "напишіть нам.",
    },
    "terms": {
        "en": "## What you agree to\n\nYou support our reporting with the amount and the interval "
        "that you choose. A recurring pledge goes on until you stop it. You can stop it at any "
        "time, from any receipt or in your account; it then ends with the paid period.\n\n"
        "## Withdrawal\n\nYou may withdraw within 14 days of the first charge and get it back: "
        "answer any of our mails.\n\n## Voting\n\nEvery patron whose charge succeeded has one "
        "ballot in a round, whatever the amount. The rule of a round stands on its ballot.",
        "uk": "## На що ви погоджуєтеся\n\nВи підтримуєте нашу роботу сумою і з періодичністю, які "
        "обираєте. Регулярна підтримка триває, доки ви її не зупините. Зупинити можна будь-коли, "
        "з будь-якої квитанції або в кабінеті; вона завершиться з оплаченим періодом.\n\n"
        "## Відмова\n\nПротягом 14 днів від першого списання ви можете відмовитися й отримати "
        "гроші назад: просто дайте відповідь на будь-який наш лист.\n\n## Голосування\n\nКожен "
        "патрон, чий платіж пройшов, має один бюлетень у раунді, незалежно від суми. Правило "
        "раунду написане на бюлетені.",
    },
    "privacy": {
        "en": "## What we keep\n\nYour address, the amount and the dates of your payments, what "
        "you allowed us to do with your name, and that you took part in a round. We never see "
        "your card number: Stripe takes the payment.\n\n## Your ballot\n\nWhile a round is open, "
        "your ballot is kept with your account so that you can change it. When it closes, that "
        "link is deleted for good.\n\n## Your rights\n\nAnswer any of our mails to see, correct "
        "or erase what we keep. Payments stay in the accounts, without your name.",
        "uk": "## Що ми зберігаємо\n\nВашу адресу, суми й дати платежів, ваші дозволи щодо імені "
        "та сам факт участі в раунді. Номера картки ми не бачимо: платіж приймає Stripe.\n\n"
        "## Ваш бюлетень\n\nПоки раунд триває, бюлетень зберігається разом із вашим кабінетом, щоб "
        "ви могли його змінити. Після закриття цей зв’язок видаляється назавжди.\n\n## Ваші "
        "права\n\nДайте відповідь на будь-який наш лист, щоб побачити, виправити або видалити "
        "дані. Платежі залишаться в обліку без вашого імені.",
    },
    "imprint": {
        "en": "The newsroom has not written its imprint yet. Staff do that under Settings.",
        "uk": "Редакція ще не написала вихідних даних. Це робиться в налаштуваннях.",
    },
}
