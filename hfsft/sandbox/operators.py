"""The operators of a template: numbers, and `+` and `*` with texts and lists, paid for before they are worked out."""

from __future__ import annotations

from typing import Any

from hfsft.sandbox.work import BITS, ITEM, TooMuchWorkError, bounded, length, spend, whole


def check_operands(operator: str, left: Any, right: Any) -> None:
    """Raises `TypeError` for what the operator does not take here, `TooMuchWorkError` for what would be too large."""
    if operator == "%" and isinstance(left, str):
        raise TypeError("`%` does not format text here; write {{ name }}")
    numbers = [isinstance(operand, int | float) for operand in (left, right)]
    for operand, is_number in zip((left, right), numbers, strict=True):
        if is_number and isinstance(operand, int):
            whole(operand)
    if all(numbers):
        # The result has at least that many bits, and at most twice as many.
        whole_power = operator == "**" and isinstance(left, int) and isinstance(right, int) and right > 0
        if whole_power and (left.bit_length() - 1) * right > BITS:
            raise TooMuchWorkError(f"does too much work: a number of more than {BITS:,} bits")
        return
    if operator == "+" and any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, list, tuple)):
        bounded(length(left) + length(right)) if isinstance(left, str) else spend(ITEM * (length(left) + length(right)))
        return
    if operator == "*" and any(numbers):
        value, times = (right, left) if numbers[0] else (left, right)
        if isinstance(value, str | list | tuple) and isinstance(times, int):
            size = length(value) * max(times, 0)
            bounded(size) if isinstance(value, str) else spend(ITEM * size)
            return
    kinds = " and ".join(type(operand).__name__ for operand in (left, right))
    raise TypeError(f"`{operator}` does not take {kinds}")
