"""Expressions of school mathematics, in LaTeX or plain, as numbers: what they are worth, also with letters in them.

An expression with letters is worth what it comes to at a few fixed places, which two that are not the same share by no
chance (Schwartz 1980, "Fast Probabilistic Algorithms for Verification of Polynomial Identities").
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping

from hfsft.letters.late_patterns import at_first_use

DEEPEST = 40  # brackets within each other
LONGEST = 400  # characters of an expression
HIGHEST = 1e6  # of an exponent
DIGITS = 9
PLACES = (0.7390851332, 1.9021605831, 2.6651441427)  # where letters are put, each a step further by its code
STEP = 0.0318309886

_WORD = at_first_use(r"(?<![\\a-zA-Z])[a-zA-Z]{3,}|\A[a-zA-Z]{2,}\Z")

_TOKEN = at_first_use(r"\s*(?:(\d+(?:\.\d+)?|\.\d+)|\\([a-zA-Z]+)|([a-zA-Zα-ωπ])|(\*\*|[-+*/^(){}\[\]|!_]))")
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "ln": cmath.log,
    "log": cmath.log10,
    "exp": cmath.exp,
}
_FRACTIONS = ("frac", "dfrac", "tfrac", "cfrac")
_TIMES = ("cdot", "times", "ast")


class NoExpressionError(ValueError):
    """A text that is no expression which can be worked out."""


def worth(text: str) -> tuple[complex, ...]:
    """What an expression comes to at each place; of a number the same everywhere. Raises `NoExpressionError`."""
    tokens = _tokens(text)
    letters = sorted({value for kind, value in tokens if kind == "letter" and value not in ("e", "i", "π")})
    found = []
    for shift in range(len(PLACES) if letters else 1):
        at = {letter: PLACES[shift] + STEP * (ord(letter) % 64) for letter in letters}
        found.append(_Reader(tokens, at).whole())
    return tuple(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST:
        raise NoExpressionError("too long")
    if word := _WORD.search(text.strip()):
        raise NoExpressionError(f"the word `{word[0]}`")
    found, place, text = list[tuple[str, str]](), 0, text.strip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise NoExpressionError(f"`{text[place]}`")
        number, command, letter, sign = token.groups()
        if command in ("pi", "infty"):
            found.append(("letter", {"pi": "π", "infty": "∞"}[command]))
        elif command in _TIMES:
            found.append(("sign", "*"))
        elif command == "div":
            found.append(("sign", "/"))
        elif command:
            found.append(("command", command))
        elif number:
            found.append(("number", number))
        elif letter:
            found.append(("letter", letter))
        else:
            found.append(("sign", "^" if sign == "**" else sign))
        place = token.end()
    return found


class _Reader:
    """Reads tokens by the usual precedence: sums of products of powers."""

    def __init__(self, tokens: list[tuple[str, str]], at: Mapping[str, float]) -> None:
        self._tokens, self._at, self._place, self._deep = tokens, at, 0, 0

    def whole(self) -> complex:
        """What all tokens come to."""
        try:
            value = self._sum()
        except (ArithmeticError, ValueError) as error:
            raise NoExpressionError(str(error)) from None
        if self._place < len(self._tokens) or cmath.isnan(value) or cmath.isinf(value):
            raise NoExpressionError("not all of it can be read")
        return value

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("end", "")

    def _take(self, *signs: str) -> str:
        kind, value = self._next()
        if kind == "sign" and value in signs:
            self._place += 1
            return value
        return ""

    def _sum(self) -> complex:
        self._deep += 1
        if self._deep > DEEPEST:
            raise NoExpressionError("nested too deep")
        sign = self._take("+", "-")
        value = -self._product() if sign == "-" else self._product()
        while sign := self._take("+", "-"):
            value = value - self._product() if sign == "-" else value + self._product()
        self._deep -= 1
        return value

    def _product(self) -> complex:
        value = self._power()
        while True:
            if sign := self._take("*", "/"):
                factor = self._signed()
                value = value / factor if sign == "/" else value * factor
                continue
            kind, said = self._next()
            if kind in ("end", "number") or (kind == "sign" and said not in "({["):
                if kind == "number" and self._place and self._tokens[self._place - 1][1] in (")", "}", "]"):
                    value *= self._power()  # as in `(2)3`
                    continue
                return value
            if said in _FRACTIONS and self._place and self._tokens[self._place - 1][0] == "number":
                value += self._power()  # a mixed number, as in `3\frac{1}{2}`
                continue
            value *= self._power()

    def _signed(self) -> complex:
        return -self._power() if self._take("-") else self._power()

    def _power(self) -> complex:
        base = self._atom()
        while self._take("!"):
            base = math.factorial(round(base.real)) if base == round(base.real) <= 170 else math.nan
        if self._take("^"):
            exponent = self._argument()
            if abs(exponent) > HIGHEST:
                raise NoExpressionError("too high")
            return complex(base) ** exponent if base or exponent.real > 0 else math.nan
        return base

    def _argument(self) -> complex:
        """What follows a command or `^`: something in braces, or one digit, letter or command."""
        kind, value = self._next()
        if kind == "number" and len(value) > 1 and "." not in value and self._place:
            before = self._tokens[self._place - 1]
            if before[0] == "command" or before[1] in (*_FRACTIONS, "}"):  # `\frac12`
                self._tokens = [
                    *self._tokens[: self._place],
                    *(("number", digit) for digit in value),
                    *self._tokens[self._place + 1 :],
                ]
        return self._signed() if kind == "sign" and value == "-" else self._atom()

    def _atom(self) -> complex:
        kind, value = self._next()
        self._place += 1
        if kind == "number":
            return complex(float(value))
        if kind == "letter":
            known = {"π": math.pi, "e": math.e, "i": 1j}
            if value == "∞":
                raise NoExpressionError("no number")
            return complex(self._at[value]) if value in self._at else complex(known[value])
        if kind == "command":
            return self._command(value)
        for opened, closed in (("(", ")"), ("{", "}"), ("[", "]")):
            if value == opened and kind == "sign":
                inner = self._sum()
                if not self._take(closed):
                    raise NoExpressionError(f"`{closed}` is missing")
                return inner
        raise NoExpressionError(f"`{value}`")

    def _command(self, name: str) -> complex:
        if name in _FRACTIONS:
            top = self._argument()
            return top / self._argument()
        if name == "sqrt":
            degree = 2.0 + 0j
            if self._take("["):
                degree = self._sum()
                if not self._take("]"):
                    raise NoExpressionError("`]` is missing")
            inner = self._argument()
            real = inner.imag == 0 and inner.real < 0 and degree.real % 2 == 1
            return -((-inner) ** (1 / degree)) if real else inner ** (1 / degree)
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](self._argument())
        raise NoExpressionError(f"\\{name}")


def told(values: tuple[complex, ...]) -> str:
    """What expressions that are worth the same are told by."""
    return " ".join(_number(value) for value in values)


def _number(value: complex) -> str:
    real, imaginary = (f"{part:.{DIGITS}g}" if abs(part) > 1e-12 else "0" for part in (value.real, value.imag))
    return real if imaginary == "0" else f"{real}+{imaginary}i"
