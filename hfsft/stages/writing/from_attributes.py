"""Written from attributes alone: an instruction for each combination of their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from hfsft.errors import Problem, PromptError
from hfsft.stages.base import Context
from hfsft.stages.writing.base import ATTRIBUTES, Written
from hfsft.stages.writing.written_kind import written_kind


@written_kind
class FromAttributes(Written):
    """An instruction for each row, by a template that is shown a combination of the recipe's attributes."""

    way: ClassVar[str] = "attributes"
    example: ClassVar[str] = """\
    attributes:
      topic: [refunds, delivery, sizes]
      tone: {casual: 3, urgent: 1}
    seeds:
      - {from: attributes, count: 400}
    """

    def problems(self, context: Context) -> Iterator[Problem]:
        """That there are no attributes, or that a template is told of none."""
        if not context.attributes:
            message = "from: attributes needs a section `attributes`"
            yield Problem(context.place(self.key, "from"), message, "as `attributes: {tone: [casual, formal]}`")
            return
        for place, (_, parse, _) in enumerate(self.renders()):
            try:
                read = parse().variables
            except PromptError:  # told where all templates are read
                continue
            if not read & {ATTRIBUTES, *context.attributes}:
                yield Problem(
                    context.place(self.key, "templates", place),
                    "the template reads no attribute, so that its rows would not be what their columns say",
                    f"use {{{{ {context.attributes[0]} }}}}, or {{{{ attributes }}}} for all",
                )
