"""What is wrong with a filter's arguments, in the words that a recipe's author gets for the same slip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from hfsft.errors import ArgumentError, nearest

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

SPELLED = ("at_least", "at_most")  # what may stand under a criterion


class Explained(ModelMetaclass):
    """A model whose call says what is wrong in plain words; recipes, which do not call it, have words of their own."""

    def __call__(cls, *args: Any, **values: Any) -> Any:  # noqa: N805 (a class is called)
        """The instance. Raises `ArgumentError` with everything that is wrong."""
        allowed: list[str] = [field.alias or name for name, field in getattr(cls, "model_fields", {}).items()]
        if args:
            raise ArgumentError(f"{cls.__name__}: name its arguments ({', '.join(allowed)})")
        try:
            return super().__call__(**values)
        except ValidationError as error:
            problems = dict.fromkeys(_problems(error, allowed))
        raise ArgumentError("\n".join(f"{cls.__name__}: {problem}" for problem in problems))


def _problems(error: ValidationError, allowed: list[str]) -> Iterator[str]:
    for found in error.errors(include_url=False):
        # Branches of a union stand in the path too, under names such as `list[str]`.
        *path, last = [part for part in found["loc"] if isinstance(part, int) or part.isidentifier()] or [""]
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in (*path, last)).lstrip(".")
        if found["type"] == "extra_forbidden":
            yield f"there is no argument `{where}` ({nearest(str(last), SPELLED if path else allowed)})"
            continue
        yield f"{where}: {_said(found)}" if where else _said(found)


def _said(found: Mapping[str, Any]) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    message = found["msg"][:1].lower() + found["msg"][1:]
    got = found["input"]
    return f"{message}, not {got!r}" if isinstance(got, str | int | float | bool) else str(message)
