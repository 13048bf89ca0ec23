"use strict";
// The list of all rows: found by words, and by what was said of them. It is filled as far as it is scrolled.
const rowList = (() => {
  const { make } = rowView;
  const at = (id) => document.getElementById(id);
  const [dialog, search, wanted, found, list] = ["rows", "search", "wanted", "found", "list"].map(at);
  const EACH = 100; // rows that are added to the list at a time

  const word = (verdict) => !verdict ? "waiting" : verdict.edit ? "edited"
    : { accept: "accepted", reject: "rejected", skip: "skipped" }[verdict.verdict];
  const FATES = ["waiting", "accepted", "edited", "rejected", "skipped"];
  const choices = { all: () => true, "with a verdict": (row) => row.verdict };
  FATES.forEach((fate) => { choices[fate] = (row) => word(row.verdict) === fate; });
  wanted.append(...Object.keys(choices).map((name) => make("option", name, { value: name })));

  let [rows, matches, chosen, asked, inTexts] = [[], [], 0, "", { words: "", ids: new Set() }];
  let open = () => {};
  let ask = async () => ({});

  const fill = (upTo) => {
    const next = matches.slice(list.children.length, upTo).map((row, index) => {
      const place = list.children.length + index;
      const item = make("li", undefined, { role: "option", id: `option-${place}`, "aria-selected": "false" });
      const fate = word(row.verdict);
      item.append(make("span", "", { class: `dot ${fate}` }), make("span", row.title || row.id, { class: "title", dir: "auto" }),
                  make("span", fate, { class: "small" }));
      return item;
    });
    list.append(...next);
  };

  const choose = (index) => {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = Math.max(0, Math.min(index, matches.length - 1));
    fill(chosen + EACH / 2);
    const item = list.children[chosen];
    if (!item) return search.removeAttribute("aria-activedescendant");
    item.setAttribute("aria-selected", "true");
    search.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  };

  const refresh = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const known = inTexts.words === words.join(" ");
    matches = rows.filter((row) => {
      if (!choices[wanted.value](row)) return false;
      if (known && inTexts.ids.has(row.id)) return true;
      const said = [row.id, row.title, row.why, row.verdict?.note, row.verdict?.reason].join("\n").toLowerCase();
      return words.every((each) => said.includes(each));
    });
    found.textContent = `${matches.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    list.replaceChildren();
    fill(EACH);
    choose(0);
    list.scrollTop = 0;
    if (words.length && !known) searchTexts(words.join(" "));
  };

  // The server looks into all that rows say, once nobody types any more.
  const searchTexts = (words) => {
    asked = words;
    setTimeout(async () => {
      if (asked !== words) return;
      const said = await ask(`found?words=${encodeURIComponent(words)}`).catch(() => null);
      if (asked !== words || !said) return;
      inTexts = { words, ids: new Set(said.ids) };
      refresh();
    }, 150);
  };

  const take = () => {
    if (!matches[chosen]) return;
    dialog.close();
    open(matches[chosen].id);
  };

  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(), take();
    if (!(event.key in steps)) return;
    event.preventDefault();
    choose(chosen + steps[event.key]);
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (!item) return;
    chosen = [...list.children].indexOf(item);
    take();
  });
  list.addEventListener("scroll", () => {
    if (list.scrollTop + 2 * list.clientHeight > list.scrollHeight) fill(list.children.length + EACH);
  });
  [search, wanted].forEach((control) => control.addEventListener("input", refresh));

  const show = (all, current, how) => {
    [rows, open, ask] = [all, how.open, how.ask];
    inTexts = { words: "", ids: new Set() };
    refresh();
    dialog.showModal();
    choose(matches.findIndex((row) => row.id === current));
    search.select();
  };

  return { show, word };
})();
