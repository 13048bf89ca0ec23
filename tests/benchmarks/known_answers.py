"""What each filter finds of defects planted in clean rows, and what it takes of the clean ones.

    uv run python tests/benchmarks/known_answers.py --data FOLDER [--filters language encoding] [--show KIND]

FOLDER holds `instruct/` and `multilingual/` with public sets as JSON lines. Each clean row gets at most one defect, by
hash. The recall of a kind is the share of its planted rows that fall; false alarms are the share of rows that fall of
the same sets with nothing planted. `defaults` is what the filters of a recipe that names none find together.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset

from hfsft.filters import DEFAULT_FILTERS, FILTERS, Filter
from tests.benchmarks.planting import COPIES, KINDS, MECHANICAL
from tests.benchmarks.planting.drawing import Draw, Row
from tests.benchmarks.sets import lines, reading

EACH = 25  # rows of a kind in a group
ANSWERED = {"question": "instruction", "context": "context", "answer": "response"}
PASSAGE = 200  # characters of a response that stands but once in a set
MACHINE = re.compile(
    r"\b(?:an|this) AI\b|artificial intelligence|language model|语言模型|人工智能|AI助手", re.IGNORECASE
)
# Defects that nobody planted: words for nothing, damage by an encoding, an English answer to a Chinese question.
DEFECT = re.compile(r"\A\W*no ?input\W*\Z|\u00c2\u00b0|\u00e2\u20ac", re.IGNORECASE)
HAN, LATIN = re.compile("[\u4e00-\u9fff]"), re.compile("[a-z]{3}")
MORE_NEEDED = {"answer", "grounded"}  # filters that compare a row with what these rows lack
ALPACA = {"instruction": "instruction", "input": "context", "output": "response"}
CLEAN = (
    ("en", "instruct/alpaca_en_demo_1000.jsonl.gz", ALPACA),
    ("en", "instruct/dolly_accepted_1000.jsonl.gz", ALPACA),
    ("zh", "instruct/alpaca_zh_demo_1000.jsonl.gz", ALPACA),
    ("vi", "multilingual/xquad_vi_1190.jsonl.gz", {"question": "instruction", "context": "response"}),
    ("vi", "multilingual/xquad_vi_1190.jsonl.gz", ANSWERED),
    ("vi", "multilingual/xcopa_vi_test.jsonl.gz", {"premise": "instruction", "choice1": "response"}),
    ("code", "instruct/code_alpaca_2k.jsonl.gz", ALPACA),
)  # fmt: skip
MORE = (
    ("math", "bench/gsm8k_train_1000.jsonl.gz", {"question": "instruction", "answer": "response"}),
    ("chat", "judge/halueval_general_a_1000.jsonl.gz", {"user_query": "instruction", "chatgpt_response": "response"}),
)
"""Where a group's clean rows are, and which of their columns are which; from `MORE` nothing is planted."""


def clean_rows(folder: Path) -> dict[str, list[Row]]:
    """The group -> its rows.

    An instruction or a response that stands in the sets more than once is taken once; rows that talk of being a machine
    and other defects that nobody planted are left out.
    """
    groups: dict[str, list[Row]] = {}
    seen: set[str] = set()
    for group, name, columns in (*CLEAN, *MORE):
        for row in lines(folder / name):
            told = {to: row[of] for of, to in columns.items()}
            key = " ".join(re.findall(r"\w+", told["instruction"].lower()))
            passage = told["response"] if len(told["response"]) > PASSAGE else key
            if not told["response"].strip() or {key, passage} & seen or defective(told, group):
                continue
            seen |= {key, passage}  # a passage stands with many questions: with the first one it is an answer
            rows = groups.setdefault(group, [])
            rows.append({"id": f"{group}{len(rows):05}", "group": group, "context": "", **told})
    return groups


def defective(row: Row, group: str) -> bool:
    """Whether a row has a defect of its own."""
    said = f"{row.get('context') or ''}\0{row['response']}".split("\0")
    if MACHINE.search(row["response"]) or any(map(DEFECT.search, said)):
        return True
    strange = LATIN.search(row["response"]) and not HAN.search(row["response"])
    return bool(group == "zh" and strange and not LATIN.search(row["instruction"]) and len(row["response"]) > 25)


def planted(groups: dict[str, list[Row]]) -> tuple[list[Row], dict[str, tuple[str, str]]]:
    """All rows with defects in some of them, and the id of each such row -> kind and group."""
    result, known = [], {}
    for group in dict.fromkeys(each for each, _, _ in CLEAN):
        rows = sorted(groups[group], key=lambda row: Draw(row["id"]).below(1 << 60))
        free = iter(rows)
        used = set()
        for kind, plant in KINDS.items():
            count = 0
            passed = []
            while count < EACH and (row := next(free, None)) is not None:
                bad = plant(row, Draw(f"{kind} {row['id']}"))
                if bad is None or bad == row:
                    passed.append(row)
                    continue
                new = f"{row['id']}-{kind}" if kind in COPIES else row["id"]
                count += 1
                known[new] = kind, group
                result.append({**bad, "id": new})
                if kind not in COPIES:
                    used.add(row["id"])
            free = iter([*passed, *free])
        result += [row for row in rows if row["id"] not in used]
    return result, known


def taken(rows: list[Row], rules: Iterable[Filter]) -> dict[str, dict[str, Any]]:
    """The name of each filter -> the id of each row that it takes out -> what it measured there."""
    dataset = Dataset.from_list(
        [{key: row[key] for key in ("id", "instruction", "context", "response")} for row in rows]
    )
    found = {}
    for rule in rules:
        _, rejected = rule.apply(dataset)
        measured = [name for name in rejected.column_names if name in rule.writes]
        found[rule.name] = {row["id"]: {name: row[name] for name in measured} for row in rejected}
    return found


def microseconds(rule: Filter, groups: dict[str, list[Row]], size: int = 120) -> float | None:
    """What a row of so many words costs the measure, in the dearest group."""
    if rule.whole or not rule.writes:
        return None
    dearest = 0.0
    for group, rows in groups.items():
        joined = " ".join(row["response"] for row in rows[:400])
        length = size * (2 if group == "zh" else 6)  # characters: a Chinese word has about two
        texts = [joined[at : at + length] for at in range(0, len(joined), length)][:200]
        batch = {
            "id": [str(place) for place in range(len(texts))],
            "instruction": [row["instruction"] for row in rows[: len(texts)]],
            "response": texts,
        }
        rule.measure(batch)
        began = time.process_time()
        rule.measure(batch)
        dearest = max(dearest, (time.process_time() - began) / len(texts) * 1e6)
    return dearest


def without_arguments(names: Iterable[str]) -> Iterator[Filter]:
    """The filters that need none, those of the defaults as they stand there."""
    defaults = {rule.name: rule for rule in DEFAULT_FILTERS}
    for name in names:
        try:
            rule = defaults.get(name) or FILTERS[name]()
            resources = rule.resources()
        except ValueError:
            continue
        if (
            name not in MORE_NEEDED
            and set(rule.reads) <= {"instruction", "response"}
            and rule.bounds()
            and not resources
        ):
            yield rule


def main() -> None:
    parser = reading(__doc__ or "")
    parser.add_argument("--filters", nargs="*", default=list(FILTERS), choices=list(FILTERS))
    parser.add_argument("--show", default="", help="print rows of this kind that no filter finds, or `clean` that fall")
    arguments = parser.parse_args()
    groups = clean_rows(arguments.data)
    rows, known = planted(groups)
    rules = list(without_arguments(arguments.filters))
    names = [rule.name for rule in rules]
    defaults = [rule.name for rule in DEFAULT_FILTERS if rule.name in names]
    hits, alarms = taken(rows, rules), taken([row for group in groups.values() for row in group], rules)
    for found in (hits, alarms):
        found["defaults"] = {key: each for name in defaults for key, each in found[name].items()}
    recalls(hits, known, defaults)
    losses(alarms, groups, rules)
    shown(arguments.show, hits if arguments.show != "clean" else alarms, rows, groups, known)


def recalls(hits: dict[str, dict[str, Any]], known: dict[str, tuple[str, str]], defaults: list[str]) -> None:
    """Prints each kind's recall by all defaults together, by group, and by each filter that finds some of it."""
    places: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, (kind, group) in known.items():
        places[kind][group].append(key)
    print(f"defaults: {', '.join(defaults)}\n\n{'kind':<24} {'rows':>4} {'defaults':>8}  by group, and by filter")
    total = mechanical = 0.0
    count = 0
    for kind, by_group in places.items():
        keys = [key for some in by_group.values() for key in some]
        got = sum(key in hits["defaults"] for key in keys)
        parts = [f"{group} {_share(hits['defaults'], some)}" for group, some in by_group.items()]
        by_filter = [
            f"{name} {_share(found, keys)}"
            for name, found in hits.items()
            if name != "defaults" and sum(key in found for key in keys) > len(keys) * 0.02
        ]
        print(f"{kind:<24} {len(keys):>4} {got / len(keys):>8.3f}  {' '.join(parts)} | {' '.join(by_filter)}")
        total += got / len(keys)
        if kind in MECHANICAL:
            mechanical, count = mechanical + got / len(keys), count + 1
    print(f"{'mean of kinds':<24} {'':>4} {total / len(places):>8.3f}")
    print(f"{'mean of mechanical ones':<24} {'':>4} {mechanical / count:>8.3f}\n")


def losses(alarms: dict[str, dict[str, Any]], groups: dict[str, list[Row]], rules: list[Filter]) -> None:
    """Prints the share of clean rows that each filter takes, by group, and what a row costs it."""
    print(
        f"{'clean rows lost':<24}"
        + "".join(f"{f'{group} {len(rows)}':>12}" for group, rows in groups.items())
        + "  us a row"
    )
    by_name = {rule.name: rule for rule in rules}
    for name, found in alarms.items():
        shares = "".join(f"{sum(row['id'] in found for row in rows) / len(rows):>12.4f}" for rows in groups.values())
        cost = microseconds(by_name[name], groups) if name in by_name else None
        print(f"{name:<24}{shares}  {'' if cost is None else f'{cost:8.0f}'}")


def shown(
    what: str,
    found: dict[str, dict[str, Any]],
    rows: list[Row],
    groups: dict[str, list[Row]],
    known: dict[str, tuple[str, str]],
) -> None:
    """Prints the rows of a kind that nothing found, or the clean ones that fell, with what was measured."""
    if what == "clean":
        for group in groups.values():
            for row in group:
                for name, of in found.items():
                    if name != "defaults" and row["id"] in of:
                        print(
                            row["id"], name, of[row["id"]], repr(row["instruction"][:150]), repr(row["response"][:300])
                        )
    elif what:
        for row in rows:
            if known.get(row["id"], ("",))[0] == what and not any(row["id"] in of for of in found.values()):
                print(row["id"], repr(row["instruction"][:100]), repr(row["context"][:60]), repr(row["response"][:300]))


def _share(found: dict[str, Any], keys: list[str]) -> str:
    return f"{sum(key in found for key in keys) / len(keys):.2f}"


if __name__ == "__main__":
    main()
