"""The evaluation sets of the field by their names: where each lies on the Hub, and in which columns.

Repositories, configurations, splits and columns are those that EleutherAI's lm-evaluation-harness and the
decontamination of Tulu 3 (open-instruct) read.
"""

from __future__ import annotations

from typing import NamedTuple


class Benchmark(NamedTuple):
    """One evaluation set; several columns make one text, `choices` stand below the question where it has some."""

    repo: str
    question: tuple[str, ...]
    answer: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    split: str = "test"
    configs: tuple[str, ...] = ()


_MATH = (
    *("algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra"),
    "precalculus",
)

BENCHMARKS: dict[str, Benchmark] = {
    "gsm8k": Benchmark("openai/gsm8k", ("question",), ("answer",), configs=("main",)),
    "math": Benchmark("EleutherAI/hendrycks_math", ("problem",), ("solution",), configs=_MATH),
    "math500": Benchmark("HuggingFaceH4/MATH-500", ("problem",), ("solution",)),
    "mathqa": Benchmark("regisss/math_qa", ("Problem",), ("Rationale",)),
    "aime24": Benchmark("Maxwell-Jia/AIME_2024", ("Problem",), ("Solution",), split="train"),
    "aime25": Benchmark("math-ai/aime25", ("problem",)),
    "asdiv": Benchmark("EleutherAI/asdiv", ("body", "question"), split="validation"),
    "humaneval": Benchmark("openai/openai_humaneval", ("prompt",), ("canonical_solution",)),
    "humaneval_plus": Benchmark("evalplus/humanevalplus", ("prompt",), ("canonical_solution",)),
    "mbpp": Benchmark("google-research-datasets/mbpp", ("text",), ("code",), configs=("full",)),
    "mbpp_plus": Benchmark("evalplus/mbppplus", ("prompt",), ("code",)),
    "bigcodebench": Benchmark("bigcode/bigcodebench", ("instruct_prompt",), ("canonical_solution",), split="v0.1.2"),
    "ifeval": Benchmark("google/IFEval", ("prompt",), split="train"),
    "mmlu": Benchmark("cais/mmlu", ("question",), choices=("choices",), configs=("all",)),
    "mmlu_pro": Benchmark("TIGER-Lab/MMLU-Pro", ("question",), choices=("options",)),
    "gpqa": Benchmark("Idavidrein/gpqa", ("Question",), ("Explanation",), split="train", configs=("gpqa_extended",)),
    "truthful_qa": Benchmark(
        "truthfulqa/truthful_qa", ("question",), ("best_answer",), split="validation", configs=("generation",)
    ),
    "arc_challenge": Benchmark("allenai/ai2_arc", ("question",), choices=("choices",), configs=("ARC-Challenge",)),
    "arc_easy": Benchmark("allenai/ai2_arc", ("question",), choices=("choices",), configs=("ARC-Easy",)),
    "hellaswag": Benchmark("Rowan/hellaswag", ("ctx",), choices=("endings",), split="validation"),
    "winogrande": Benchmark("allenai/winogrande", ("sentence",), split="validation", configs=("winogrande_xl",)),
    "piqa": Benchmark("baber/piqa", ("goal",), choices=("sol1", "sol2"), split="validation"),
    "openbookqa": Benchmark("allenai/openbookqa", ("question_stem",), choices=("choices",), configs=("main",)),
    "commonsense_qa": Benchmark("tau/commonsense_qa", ("question",), choices=("choices",), split="validation"),
    "sciq": Benchmark("allenai/sciq", ("question",)),
    "trivia_qa": Benchmark("mandarjoshi/trivia_qa", ("question",), split="validation", configs=("rc.nocontext",)),
    "nq_open": Benchmark("google-research-datasets/nq_open", ("question",), split="validation"),
    "web_questions": Benchmark("stanfordnlp/web_questions", ("question",)),
    "popqa": Benchmark("akariasai/PopQA", ("question",)),
    "drop": Benchmark("ucinlp/drop", ("question",), split="validation"),
    "boolq": Benchmark("aps/super_glue", ("question",), split="validation", configs=("boolq",)),
    "medqa": Benchmark(
        "GBaker/MedQA-USMLE-4-options-hf", ("sent1",), choices=("ending0", "ending1", "ending2", "ending3")
    ),
    "lambada": Benchmark("EleutherAI/lambada_openai", ("text",), configs=("default",)),
    "musr": Benchmark("TAUR-Lab/MuSR", ("narrative",), split="murder_mysteries"),
}
"""The name in a recipe -> the set; of one without a public test split the validation split, as in the harness."""
