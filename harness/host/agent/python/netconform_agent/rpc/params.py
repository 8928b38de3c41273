"""Parameters of a call, by name."""

from __future__ import annotations

from typing import NoReturn, cast

from .messages import BadParams


class Params:
    """Reads parameters by type. Each method throws `BadParams` with the name and what is there."""

    def __init__(self, given: dict[str, object]) -> None:
        self._given = given

    def text(self, name: str) -> str:
        """A string."""
        value = self._given.get(name)
        return value if isinstance(value, str) else self._refuse(name, "a text")

    def text_or_none(self, name: str) -> str | None:
        """A string that may be missing."""
        return None if self._given.get(name) is None else self.text(name)

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        value = self._given.get(name)
        if isinstance(value, list):
            items = cast("list[object]", value)
            words = [item for item in items if isinstance(item, str)]
            if len(words) == len(items):
                return words
        return self._refuse(name, "a list of texts")

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self._given.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._refuse(name, "a whole number")

    def integer_or_none(self, name: str) -> int | None:
        """A whole number that may be missing."""
        return None if self._given.get(name) is None else self.integer(name)

    def integers(self, name: str) -> list[int]:
        """A list of whole numbers."""
        value = self._given.get(name)
        if isinstance(value, list):
            items = cast("list[object]", value)
            whole = [item for item in items if isinstance(item, int) and not isinstance(item, bool)]
            if len(whole) == len(items):
                return whole
        return self._refuse(name, "a list of whole numbers")

    def seconds(self, name: str) -> float:
        """Seconds, from a number of milliseconds."""
        value = self._given.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value / 1000
        return self._refuse(name, "a number of milliseconds")

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._given.get(name)
        return value if isinstance(value, bool) else self._refuse(name, "true or false")

    def _refuse(self, name: str, expected: str) -> NoReturn:
        raise BadParams(f"{name}: expected {expected}, got {self._given.get(name)!r}")
