"""A parsed template that pays for its loops, macros, literals and comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.visitor import NodeTransformer

from hfsft.sandbox.work import TURN

if TYPE_CHECKING:
    from jinja2.lexer import Token, TokenStream

TOKENS = 10_000
"""Names, marks and operators of one template; more take seconds to compile."""


def _call(function: str, argument: nodes.Expr) -> nodes.Call:
    call = nodes.Call(nodes.EnvironmentAttribute(function), [argument], [], None, None, lineno=argument.lineno)
    if argument.environment:
        call.set_environment(argument.environment)
    return call


class _Bounds(NodeTransformer):
    """Makes the loops, macros, literals and comparisons of a parsed template pay."""

    def _body(self, node: Any) -> nodes.Node:
        constant = sum(len(text.data) for text in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        turn = _call("spend", nodes.Const(TURN + constant, lineno=node.lineno, environment=node.environment))
        node.body.insert(0, nodes.ExprStmt(turn, lineno=node.lineno))
        if getattr(node, "test", None) is not None:  # `for ... if ...`: what is passed over costs too
            node.test = nodes.And(turn, node.test, lineno=node.lineno)
        return node  # type: ignore[no-any-return]

    def _literal(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        return node if getattr(node, "ctx", "load") == "store" else _call("measured", node)

    def _entries(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        place: dict[str, Any] = {"lineno": node.lineno, "environment": node.environment}
        pairs = [nodes.Tuple([pair.key, pair.value], "load", **place) for pair in node.items]
        return _call("mapping", nodes.List(pairs, **place))

    def _joined(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("joined", nodes.List(node.nodes, lineno=node.lineno, environment=node.environment))

    def _slice(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return _call("measured", node) if isinstance(node.arg, nodes.Slice) else node

    def _comparison(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _call("scanned", node.expr)
        for operand in node.ops:
            operand.expr = _call("scanned", operand.expr)
        return node

    def _escaping(self, node: nodes.Node) -> nodes.Node:
        raise TemplateSyntaxError("there is nothing to escape: what is written is plain text", node.lineno)

    visit_For = visit_Macro = visit_CallBlock = visit_Block = _body  # noqa: N815
    visit_List = visit_Tuple = _literal  # noqa: N815
    visit_Dict = _entries  # noqa: N815
    visit_Concat = _joined  # noqa: N815
    visit_Getitem = _slice  # noqa: N815
    visit_Compare = _comparison  # noqa: N815
    visit_EvalContextModifier = visit_ScopedEvalContextModifier = _escaping  # noqa: N815


class BoundedCode(CodeGenerator):
    """Compiles a template with its bounds put in, an included one too."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        """Write the code."""
        super().visit_Template(_Bounds().visit(node), frame)


class Counted(Extension):
    """Bounds what there is to compile."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The tokens. Raises `TemplateSyntaxError` at the first one too many."""
        for number, token in enumerate(stream, 1):
            if number > TOKENS:
                raise TemplateSyntaxError(f"more than {TOKENS:,} names, marks and operators", token.lineno)
            yield token


def readers(tree: nodes.Template) -> Iterator[Any]:
    """The nodes of a template that read another one."""
    return tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
