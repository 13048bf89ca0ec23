"""The card on the Hub: replaced by each release, but for its releases and what others set in its metadata."""

from textwrap import dedent

from hfsft.release.card.changelog import MARK, configs, describe, merge, metadata
from hfsft.release.comparison import Diff

CARD = dedent("""\
    ---
    license: apache-2.0
    configs:
    - config_name: default
    - config_name: rejected
    ---

    # Cards

    What they are for.
    """)


def test_a_card_without_history_goes_as_it_was_built() -> None:
    assert merge(CARD, None, None) == CARD
    assert merge(CARD, "# By hand\n", None) == CARD
    assert merge(CARD, "---\nlicense: [broken\n---\n", None) == CARD


def test_entries_come_newest_first_and_the_same_release_again_changes_nothing() -> None:
    first = merge(CARD, None, "### v1\n\nFirst.")
    second = merge(CARD, first, "### v2\n\nSecond.")
    assert first == f"{CARD}\n{MARK}\n## Releases\n\n### v1\n\nFirst.\n"
    assert second == f"{CARD}\n{MARK}\n## Releases\n\n### v2\n\nSecond.\n\n### v1\n\nFirst.\n"
    assert merge(CARD, second, None) == second
    assert merge(CARD, second.replace("\n", "\r\n"), None) == second
    assert merge(CARD.replace("for.", "good for."), second, None).endswith(second.removeprefix(CARD))


def test_metadata_that_no_card_of_ours_sets_is_kept_and_ours_is_not() -> None:
    there = "---\nlicense: mit\ntags: [old]\ndataset_info: []\nextra_gated_prompt: Be kind.\ndoi: 10/x\n---\nold text\n"
    merged = merge(CARD, there, None)
    assert metadata(merged) == {**metadata(CARD), "extra_gated_prompt": "Be kind.", "doi": "10/x"}
    assert "old text" not in merged
    assert merge(CARD, merged, None) == merged


def test_configurations_are_those_of_the_card() -> None:
    assert configs(CARD) == ["default", "rejected"]
    assert configs("# Nothing\n") == ["default"]


def test_an_entry_says_what_became_of_the_rows() -> None:
    new = {"fates": {"train": 1450, "validation": 50, "rejected": 3}}
    old = {"fates": {"train": 1400, "validation": 50, "rejected": 9}}
    link = "[v1](https://hub/tree/v1)"
    rows = "train 1,450 (+50), validation 50 rows."
    for diff, expected in (
        (became(added=60, removed=10, changed=2), f"Since {link}: {rows} Rows 60 added, 10 removed, 2 changed."),
        (became(rewritten=3), f"Since {link}: {rows} Rows 3 changed."),
        (became(moved=1), f"Since {link}: {rows} Rows 1 moved between splits."),
        (became(), f"Since {link}: {rows} The same rows."),
        (None, f"Since {link}: {rows}"),
    ):
        assert describe("v2", None, new, link, old, diff) == f"### v2\n\n{expected}"
    first = describe(None, None, new, None, {}, None)
    assert first == "### Release 1\n\nFirst release: train 1,450, validation 50 rows."
    there = merge(CARD, merge(CARD, None, "### v1\n\nFirst."), "### Release 2\n\nSecond.")
    assert describe(None, there, new, link, old, None).startswith("### Release 3\n")
    gone = describe("v2", None, {"fates": {"train": 2}}, link, {"fates": {"train": 2, "validation": 3}}, None)
    assert gone == f"### v2\n\nSince {link}: train 2, validation 0 (-3) rows."


def became(added: int = 0, removed: int = 0, changed: int = 0, rewritten: int = 0, moved: int = 0) -> Diff:
    counts = (added, removed, changed, rewritten, moved)
    rows = {number: {f"r{n}": "new" for n in range(number)} for number in counts}
    texts = dict.fromkeys(rows[changed], ("response",))
    moves = dict.fromkeys(rows[moved], ("train", "validation"))
    return Diff(
        old="old",
        new="new",
        columns=((), ()),
        splits={},
        added=rows[added],
        removed=rows[removed],
        changed=texts,
        rewritten=rows[rewritten],
        moved=moves,
        texts={},
        recipe={},
        scores=(),
        funnel=(),
    )
