"""Which words a reader gets: their own language's where they are there, else the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.i18n import language
from app.topics.models import Topic, TopicText


@dataclass(frozen=True, slots=True)
class Words:
    """A topic's title and text in one language."""

    title: str
    text: str
    language: str

    @property
    def foreign(self) -> bool:
        """Whether the reader meets another language than the one they read in."""
        return self.language != language()


def of_topic(topic: Topic, translation: TopicText | None) -> Words:
    """A topic's words as they are now; the translation is the one into the language in force."""
    if translation is None or topic.language == language():
        return Words(topic.title, topic.text, topic.language)
    return Words(translation.title, translation.text, translation.language)


def on_ballot(texts: Mapping[str, Any]) -> Words:
    """A topic's words as they were frozen when its round opened."""
    code = language() if language() in texts else texts["original"]
    return Words(texts[code]["title"], texts[code]["text"], code)


def by_language(texts: Mapping[str, str]) -> str:
    """A short text that the newsroom wrote in one or more languages."""
    return texts.get(language()) or next(iter(texts.values()), "")
