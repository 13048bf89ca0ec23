"use strict";
// The sample browser: search, filters, a list for the arrow keys, and the chosen row. All text is set as text.
(() => {
  const { make, facts, turn } = rowView;
  const samples = JSON.parse(document.getElementById("data").textContent).samples;
  const at = (id) => document.getElementById(id);
  if (!at("samples")) return;
  const [search, fate, stage, list, row, found] = ["search", "fate", "stage", "list", "row", "found"].map(at);
  const texts = samples.map((sample) =>
    [sample.id, ...sample.turns.flatMap((turn) => [turn.title, turn.text]),
      ...[sample.measures, sample.about, sample.lineage].flatMap(Object.values)]
      .join("\n").toLowerCase());
  let shown = [];
  let chosen = 0;

  const said = (name) => name.replaceAll("_", " ");
  const opening = (sample) => sample.turns.find((turn) => turn.role === "user")?.text ?? "";

  const show = () => {
    const sample = samples[shown[chosen]];
    row.replaceChildren();
    if (!sample) return;
    const head = make("p");
    head.append(make("span", said(sample.fate), { class: `fate ${sample.fate}` }), ` ${sample.id}`);
    row.append(head);
    const { stage: by, value, bound, error } = sample;
    if (by) row.append(make("p", error ? `${by} failed: ${error}` : !bound ? `${said(sample.fate)} by ${by}${sample.of ? `, for ${sample.of}` : ""}` : `fell at ${by}: ${value ?? "no value"}${bound === "none" ? "" : `, bound ${bound}`}`, { class: "why" }));
    sample.turns.forEach((each) => row.append(...turn(each)));
    row.append(...facts("measured", sample.measures), ...facts("about", sample.about), ...facts("lineage", sample.lineage));
  };

  const choose = (index, scroll = true) => {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = Math.max(0, Math.min(index, shown.length - 1));
    const item = list.children[chosen];
    if (item) {
      item.setAttribute("aria-selected", "true");
      list.setAttribute("aria-activedescendant", item.id);
      if (scroll) list.scrollTop = Math.min(item.offsetTop, Math.max(list.scrollTop, item.offsetTop + item.offsetHeight - list.clientHeight));
    }
    show();
  };

  const refresh = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = samples.map((_, index) => index).filter((index) =>
      (!fate.value || samples[index].fate === fate.value)
      && (!stage.value || samples[index].stage === stage.value)
      && words.every((word) => texts[index].includes(word)));
    found.textContent = `${shown.length.toLocaleString("en")} of ${samples.length.toLocaleString("en")}`;
    list.replaceChildren(...shown.map((index, place) => {
      const item = make("li", undefined, { role: "option", id: `option-${place}`, "aria-selected": "false" });
      item.append(make("span", "", { class: `dot ${samples[index].fate}`, title: said(samples[index].fate) }),
                  make("span", opening(samples[index]).slice(0, 120), { dir: "auto" }));
      return item;
    }));
    choose(0, false);
    list.scrollTop = 0;
  };

  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
  list.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    choose(chosen + steps[event.key]);
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) choose([...list.children].indexOf(item), false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    search.focus();
  });
  document.querySelectorAll("button[data-stage]").forEach((button) => button.addEventListener("click", () => {
    [search.value, fate.value, stage.value] = ["", button.dataset.fate, button.dataset.stage];
    refresh();
    at("samples").scrollIntoView();
    list.focus({ preventScroll: true });
  }));
  search.closest("form").addEventListener("submit", (event) => event.preventDefault());
  [search, fate, stage].forEach((control) => control.addEventListener("input", refresh));
  refresh();
})();
