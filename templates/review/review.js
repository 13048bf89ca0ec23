"use strict";
// The review: one row at a time, what is said of it, and the keys for all of that. A row is left for the next one
// only when the server has answered that the verdict is on disk; until then all that was typed stays.
(() => {
  const { make, texts, facts, turn, folded } = rowView;
  const at = (id) => document.getElementById(id);
  const { criteria, reasons, name } = JSON.parse(at("data").textContent);
  const DRAFT = "hfsft review ";
  const SAID = { accept: "accepted", reject: "rejected", skip: "skipped" };

  let [rows, places] = [[], new Map()];
  let [entry, row, draft] = [null, null, null]; // the row in the queue, what it says, and what was typed of it
  let [current, editing, busy, again] = [0, false, false, null];
  let [spent, since] = [0, performance.now()];

  // --- the server ---

  class Trouble extends Error {
    constructor(status, message) {
      super(message);
      this.status = status;
    }
  }

  const ask = async (path, sent) => {
    const posted = sent && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) };
    let [answer, said] = [null, null];
    try {
      answer = await fetch(path, { signal: AbortSignal.timeout(60000), ...posted });
      said = await answer.json();
    } catch {
      if (!answer || answer.ok) throw new Trouble(0, "The server does not answer. If it was ended, start the same command again in the terminal.");
    }
    if (!answer.ok) throw new Trouble(answer.status, said?.error ?? `The server answers with an error (${answer.status}).`);
    return said;
  };

  const told = (text) => at("told").replaceChildren(...rowView.written(text));

  const warn = (text, retry) => {
    at("trouble").hidden = false;
    at("trouble").firstElementChild.replaceChildren(...rowView.written(text));
    at("again").hidden = !retry;
    again = retry;
  };

  const calm = () => { at("trouble").hidden = true; };

  // One thing at a time: what is pressed meanwhile cannot be meant for a row that is not shown yet.
  const act = async (work) => {
    if (busy) return;
    busy = true;
    document.documentElement.dataset.busy = "";
    calm();
    try {
      await work();
    } catch (trouble) {
      warn(trouble.message, trouble.again ?? (() => act(work)));
    } finally {
      busy = false;
      delete document.documentElement.dataset.busy;
    }
  };

  // --- what was typed ---

  const draftOf = (id, verdict) => {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(DRAFT + id));
    } catch { /* it may be forbidden to keep anything */ }
    return kept ?? { scores: { ...verdict?.scores }, note: verdict?.note ?? "", edit: { ...verdict?.edit } };
  };

  const keepDraft = () => {
    draft.typed = true;
    entry.draft = draft;
    try {
      sessionStorage.setItem(DRAFT + entry.id, JSON.stringify(draft));
    } catch { /* too long, or forbidden: it stays in the page */ }
  };

  const dropDraft = (of) => {
    delete of.draft;
    try {
      sessionStorage.removeItem(DRAFT + of.id);
    } catch { /* as above */ }
  };

  const typed = () => JSON.stringify([draft.note, draft.edit]);
  const edited = () => Object.keys(draft.edit).length > 0;

  window.addEventListener("beforeunload", (event) => {
    if (draft?.typed && (draft.note || edited())) event.preventDefault();
  });

  // --- what is shown ---

  const showProgress = ({ done, of, accepted, edited: changed, rejected, skipped, told: more }) => {
    at("bar").max = of || 1;
    at("bar").value = done;
    const parts = Object.entries({ accepted, edited: changed, rejected, skipped }).filter(([, count]) => count);
    at("counts").replaceChildren(make("b", `${done.toLocaleString("en")} of ${of.toLocaleString("en")}`),
      ...parts.map(([word, count]) => make("span", `${count.toLocaleString("en")} ${word}`, { class: `count ${word}` })),
      ...(more ? [make("span", more, { class: "count" })] : []));
    document.title = `${done}/${of} ${name}`;
  };

  const parted = (parts) => texts(make("div", undefined, { class: "said diff", dir: "auto" }), parts);

  const compared = ({ title, text, parts }) =>
    folded(parts ? `${title}: what is different` : title, parted(parts ?? [["same", text]]), Boolean(parts));

  const showRow = () => {
    const lineage = [...facts("measured", row.measures), ...facts("lineage", row.lineage)];
    const about = facts("about", row.about);
    at("row").replaceChildren(...(editing ? rowEdit.fields(row.editable, draft.edit, changed) : [
      ...rowEdit.shown(draft.edit), ...row.turns.flatMap(turn),
    ]), ...row.compared.map(compared), ...about, ...(lineage.length ? [folded("Where it comes from, and what was measured", lineage)] : []));
    document.documentElement.classList.toggle("editing", editing);
    showVerdicts();
  };

  const showVerdicts = () => {
    document.querySelector("[data-key=a] span").textContent = edited() ? "Accept edit" : "Accept";
    document.querySelector("[data-key=e] span").textContent = editing ? "Back" : "Edit";
    at("discard").hidden = !edited();
  };

  const changed = () => {
    keepDraft();
    showVerdicts();
  };

  const showPlace = () => {
    const place = places.get(entry.id);
    at("place").replaceChildren(place === undefined ? "Row " : `Row ${(place + 1).toLocaleString("en")} of ${rows.length.toLocaleString("en")} `,
      make("span", entry.id, { class: "small" }));
    at("why").replaceChildren(...rowView.written(entry.why ? `Why this row: ${entry.why}` : ""));
    const given = entry.verdict;
    at("standing").hidden = !given;
    at("standing").className = `standing ${rowList.word(given)}`;
    if (given) at("standing").replaceChildren(...rowView.written(`You ${rowList.word(given) === "edited" ? "accepted it with your edit" : `${SAID[given.verdict]} it`}${given.reason ? `: ${given.reason.replaceAll("_", " ")}` : ""}.`));
  };

  const load = async (id) => {
    const found = await ask(`row/${encodeURIComponent(id)}`);
    const before = entry;
    entry = rows[places.get(id)] ?? { id, title: id, why: "", verdict: null };
    entry.verdict = found.verdict;
    row = found;
    draft = entry.draft ?? draftOf(id, entry.verdict);
    [editing, spent, since] = [false, 0, performance.now()];
    hideScores();
    showPlace();
    showCriteria();
    showRow();
    at("note").value = draft.note;
    if (before !== entry) {
      if (document.activeElement?.matches("input, textarea, #row *")) at("place").focus({ preventScroll: true });
      at("panel").scrollTop = 0;
      window.scrollTo(0, 0);
    }
    document.documentElement.dataset.shown = id;
    if (entry.verdict) showScores().catch(() => {});
  };

  const move = async (id) => {
    try {
      await load(id);
    } catch (trouble) {
      trouble.again = () => act(() => move(id));
      throw trouble;
    }
  };

  const go = (id) => {
    told("");
    return act(() => move(id));
  };
  const step = (by) => {
    const to = rows[(places.get(entry?.id) ?? -1) + by];
    if (to) go(to.id);
    else told(by > 0 ? "This is the last row." : "This is the first row.");
  };

  // --- scores ---

  const few = ({ scale: [low, high] }) => high - low <= 10;
  const asking = (criterion, index) => {
    const { name: called, question, levels, scale: [low, high] } = criterion;
    const set = make("fieldset", undefined, { "data-criterion": index });
    const legend = make("legend", called.replaceAll("_", " "));
    const asked = make("p", question, { class: "small", dir: "auto" });
    const within = make("div", undefined, { class: "scale" });
    if (few(criterion)) {
      for (let score = low; score <= high; score += 1) {
        const label = make("label", undefined, levels[score] ? { title: levels[score] } : {});
        const radio = make("input", undefined, { type: "radio", name: called, value: score });
        radio.checked = draft.scores[called] === score;
        label.append(radio, make("span", score));
        within.append(label);
      }
    } else {
      const field = make("input", undefined, { type: "number", min: low, max: high, step: 1, "aria-label": `${called}, ${low} to ${high}` });
      field.value = draft.scores[called] ?? "";
      within.append(field, make("span", `${low} to ${high}`, { class: "small" }));
    }
    const meaning = make("p", undefined, { class: "small meaning", dir: "auto" });
    set.append(legend, ...(question ? [asked] : []), within, meaning);
    set.addEventListener("focusin", () => mark(index));
    set.addEventListener("input", (event) => score(index, event.target.value === "" ? null : Number(event.target.value)));
    return set;
  };

  const showCriteria = () => {
    at("criteria").replaceChildren(...criteria.map(asking));
    mark(0);
  };

  const mark = (index) => {
    current = Math.max(0, Math.min(index, criteria.length - 1));
    [...at("criteria").children].forEach((set, place) => set.classList.toggle("current", place === current));
    criteria.forEach(({ name: called, levels, scale: [low, high] }, place) => {
      const given = draft.scores[called];
      const ends = [low, high].filter((score) => levels[score]).map((score) => `${score}: ${levels[score]}`).join("\n");
      const meaning = given !== undefined && levels[given] ? `${given}: ${levels[given]}` : ends;
      at("criteria").children[place].querySelector(".meaning").replaceChildren(...rowView.written(meaning));
    });
  };

  const score = (index, value) => {
    const { name: called, scale: [low, high] } = criteria[index];
    if (value === null) delete draft.scores[called];
    else if (Number.isInteger(value) && value >= low && value <= high) draft.scores[called] = value;
    keepDraft();
    mark(current);
  };

  const digit = (key) => {
    const criterion = criteria[current];
    if (!criterion) return;
    const set = at("criteria").children[current];
    if (!few(criterion)) {
      const field = set.querySelector("input");
      [field.value] = [key];
      field.focus();
      return score(current, Number(key));
    }
    const [low] = criterion.scale;
    const value = key === "0" && low > 0 ? 10 : Number(key);
    const radio = [...set.querySelectorAll("input")].find((each) => Number(each.value) === value);
    if (!radio) return told(`${criterion.name.replaceAll("_", " ")} goes from ${criterion.scale.join(" to ")}.`);
    radio.checked = true;
    score(current, value);
    markTo(current + 1);
  };

  // By keys: the marked criterion comes into view, of however many.
  const markTo = (index) => {
    mark(index);
    at("criteria").children[current].scrollIntoView({ block: "nearest" });
  };

  const focusMarked = () => {
    const set = at("criteria").children[current];
    (set.querySelector("input:checked") ?? set.querySelector("input")).focus();
  };

  const hideScores = () => {
    at("scores").replaceChildren();
    document.querySelector("[data-key=h]").setAttribute("aria-expanded", "false");
  };

  const showScores = async () => {
    const { id } = entry;
    const { scores } = await ask(`scores/${encodeURIComponent(id)}`);
    if (entry.id !== id) return;
    const terms = make("dl");
    scores.forEach(({ name: called, value, reason }) => {
      const given = make("dd", typeof value === "number" ? Math.round(value * 100) / 100 : value, { dir: "auto" });
      if (reason) given.append(make("p", reason, { class: "small", dir: "auto" }));
      terms.append(make("dt", called), given);
    });
    at("scores").replaceChildren(scores.length ? terms : make("p", "The judge gave it none.", { class: "small" }));
    document.querySelector("[data-key=h]").setAttribute("aria-expanded", "true");
  };

  // --- verdicts ---

  const send = async (verdict, reason) => {
    const seconds = (spent + (document.hidden ? 0 : performance.now() - since)) / 1000;
    const filled = Object.entries({ scores: draft.scores, note: draft.note, edit: verdict === "accept" ? draft.edit : {}, reason })
      .filter(([, value]) => value && (typeof value === "string" || Object.keys(value).length));
    return ask("verdict", { id: entry.id, content: row.content, verdict, seconds: Math.round(seconds * 10) / 10, ...Object.fromEntries(filled) });
  };

  const give = (verdict, reason) => act(async () => {
    if (!row) return;
    let said = null;
    const before = typed();
    told("");
    try {
      said = await send(verdict, reason);
    } catch (trouble) {
      if (trouble.status === 409) {
        entry.draft = draft;
        await load(entry.id).catch((error) => { throw new Trouble(409, `Not kept: ${error.message}`); });
        return warn("The text of this row has changed since it was shown, so nothing was kept. This is its new text; what you typed is still here. Look again, and give your verdict.");
      }
      if (trouble.status === 404) {
        return warn(`${trouble.message}: nothing was kept. What you typed is still here; → goes on to the next row.`);
      }
      trouble.message = `Not kept: ${trouble.message.replace(/\.$/, "")}. What you typed is still here.`;
      throw trouble;
    }
    entry.verdict = said.verdict;
    if (typed() === before && (verdict === "accept" || !edited())) dropDraft(entry);
    draft.typed = typed() !== before;
    showProgress(said.progress);
    const place = (places.get(entry.id) ?? -1) + 1;
    const word = [rowList.word(said.verdict), ...(reason ? [reason.replaceAll("_", " ")] : [])].join(", ");
    if (said.next) await move(said.next);
    else await move(entry.id);
    told(`Row ${place || entry.id} kept: ${word}.`);
    at("finished").hidden = Boolean(said.next);
  });

  const reject = () => {
    const choices = Object.entries(reasons);
    if (!choices.length) return give("reject");
    const list = at("reasons").querySelector("ol");
    list.replaceChildren(...choices.map(([reason, meaning], index) => {
      const button = make("button", undefined, { type: "button", ...(index < 9 && { "data-digit": index + 1 }) });
      const words = make("span");
      words.append(make("b", reason.replaceAll("_", " ")), make("span", meaning, { class: "small", dir: "auto" }));
      button.append(...(index < 9 ? [make("kbd", index + 1)] : []), words);
      button.addEventListener("click", () => {
        at("reasons").close();
        give("reject", reason);
      });
      const item = make("li");
      item.append(button);
      return item;
    }));
    at("reasons").showModal();
  };

  const undo = () => act(async () => {
    const said = await ask("undo", {});
    if (!said.id) return told("There is no verdict of yours to take back.");
    const back = rows[places.get(said.id)];
    if (back) {
      [back.verdict, back.draft] = [null, { scores: { ...said.taken.scores }, note: said.taken.note ?? "", edit: { ...said.taken.edit }, typed: true }];
    }
    showProgress(said.progress);
    at("finished").hidden = true;
    await move(said.id);
    told(`Taken back: ${rowList.word(said.taken)}.`);
  });

  const edit = () => {
    editing = !editing;
    showRow();
    if (editing) (at("row").querySelector("textarea[data-column=response]") ?? at("row").querySelector("textarea"))?.focus();
    else at("place").focus({ preventScroll: true });
  };

  const discard = () => {
    draft.edit = {};
    changed();
    showRow();
    told("Your edit is gone.");
  };

  // --- keys ---

  const helped = () => {
    at("help").querySelector("dl").replaceChildren(...Object.entries(KEYS).flatMap(([key, [says]]) => [make("dt"), make("dd", says)]));
    at("help").querySelectorAll("dt").forEach((term, index) => term.append(make("kbd", Object.keys(KEYS)[index])));
    at("help").showModal();
  };

  const KEYS = {
    a: ["accept the row, with your edit if there is one", () => give("accept")],
    r: ["reject it; a digit then picks the reason", reject],
    e: ["edit its texts; again to read them", edit],
    s: ["skip it", () => give("skip")],
    u: ["undo: take your last verdict back", undo],
    n: ["write a note", () => at("note").focus()],
    "1 … 9": ["score the marked criterion, 0 for ten; the mark goes on to the next", () => {}],
    "↑ ↓": ["mark another criterion; Tab goes through all controls", () => {}],
    h: ["show or hide the judge's scores", () => at("scores").childElementCount ? hideScores() : act(showScores)],
    "j →": ["next row", () => step(1)],
    "k ←": ["previous row", () => step(-1)],
    "/": ["all rows: search, and filter by verdict", () => rowList.show(rows, entry?.id, { open: go, ask })],
    g: ["guidelines", () => at("guidelines")?.showModal()],
    "?": ["these keys", helped],
    "Ctrl Enter": ["in a field: accept", () => {}],
    Esc: ["close a window, leave a field", () => {}],
  };
  const BY_KEY = { ...KEYS, j: KEYS["j →"], ArrowRight: KEYS["j →"], k: KEYS["k ←"], ArrowLeft: KEYS["k ←"],
    ArrowDown: ["", () => markTo(current + 1)], ArrowUp: ["", () => markTo(current - 1)] };

  // The letter of the key, or on keyboards of other scripts the Latin one at its place.
  const keyOf = ({ key, code }) => {
    if (key.length > 1) return key;
    return key > "\x7f" && /^(Key|Digit)/.test(code) ? code.slice(-1).toLowerCase() : key.toLowerCase();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const key = keyOf(event);
    const typing = event.target.closest("textarea, select, input:not([type=radio])");
    if (document.querySelector("dialog[open]")) {
      const button = !typing && at("reasons").open && at("reasons").querySelector(`[data-digit="${CSS.escape(key)}"]`);
      if (button && !event.repeat) event.preventDefault(), button.click();
      return;
    }
    if (typing) {
      if (key === "Escape") typing.matches("#row *") ? edit() : at("place").focus({ preventScroll: true });
      if (key === "Enter" && (event.ctrlKey || event.metaKey)) event.preventDefault(), give("accept");
      return;
    }
    if (event.ctrlKey || event.metaKey) return;
    if (key === "Escape") editing ? edit() : calm();
    if (key === "Tab" && document.activeElement === document.body && !event.shiftKey && criteria.length) {
      event.preventDefault();
      return focusMarked();
    }
    const radio = event.target.matches("input[type=radio]");
    if (radio && /^Arrow(Left|Right)$/.test(key)) return; // as of any radio button
    if (!row && key !== "/" && key !== "?") return;
    if (/^\d$/.test(key)) event.preventDefault(), digit(key);
    else if (Object.hasOwn(BY_KEY, key)) {
      if (/^Arrow(Up|Down)$/.test(key) && !criteria.length) return;
      event.preventDefault();
      if (!event.repeat || /^[jk]$|^Arrow/.test(key)) BY_KEY[key][1]();
      if (radio && /^Arrow/.test(key)) focusMarked();
    }
  });

  document.querySelectorAll("button[data-key]").forEach((button) => {
    button.setAttribute("aria-keyshortcuts", button.dataset.key);
    button.addEventListener("click", () => BY_KEY[button.dataset.key][1]());
  });
  at("panel").addEventListener("submit", (event) => event.preventDefault());
  at("note").addEventListener("input", () => {
    draft.note = at("note").value;
    keepDraft();
  });
  at("discard").addEventListener("click", discard);
  at("again").addEventListener("click", () => again?.());
  at("dismiss").addEventListener("click", calm);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) spent += performance.now() - since;
    since = performance.now();
  });

  act(async () => {
    const found = await ask("queue");
    rows = found.rows;
    places = new Map(rows.map(({ id }, place) => [id, place]));
    showProgress(found.progress);
    const first = found.start ?? rows[0]?.id;
    at("finished").hidden = Boolean(found.start);
    if (first) await move(first);
    else at("place").textContent = "There are no rows to look at.";
    document.documentElement.dataset.ready = "";
  });
})();
