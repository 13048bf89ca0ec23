"use strict";
// How a row is shown, by every page that shows rows: its turns, and facts about it. All text is set as text.
const rowView = (() => {
  const [FOLDED, LEFT] = [6000, 4000]; // characters from which a text is folded, and how many are seen then
  const { pattern, names } = JSON.parse(document.getElementById("data").textContent).unseen;
  const unseen = new RegExp(`\r\n|([${pattern}])\\1*`, "gu");

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.append(...written(`${text}`));
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    return element;
  };

  // A text with a sign in the place of each letter that nobody sees: it might turn round what stands beside it.
  const written = (text) => {
    const parts = [];
    let from = 0;
    for (const match of text.matchAll(unseen)) {
      parts.push(text.slice(from, match.index));
      from = match.index + match[0].length;
      parts.push(match[1] ? sign(match[1], match[0].length / match[1].length) : "\n");
    }
    parts.push(text.slice(from));
    return parts.filter((part) => part !== "");
  };

  const sign = (letter, times) => {
    const code = `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    const told = document.createElement("span");
    told.textContent = times > 1 ? `${code} ×${times}` : code;
    told.className = "sign";
    told.title = names[code] ?? "a control character";
    return told;
  };

  // Parts of a text, each `same`, `gone` or `new`; the first of them where it is long, with a button that shows all.
  const texts = (element, parts) => {
    const length = parts.reduce((sum, [, text]) => sum + text.length, 0);
    const fill = (left) => {
      element.replaceChildren();
      for (const [kind, text] of parts) {
        const seen = text.length > left ? text.slice(0, left).replace(/[\ud800-\udbff]$/, "") : text;
        element.append(...(kind === "same" ? written(seen) : [make(kind === "gone" ? "del" : "ins", seen)]));
        left -= seen.length;
        if (left <= 0 || seen.length < text.length) break;
      }
    };
    if (length <= FOLDED) {
      fill(Infinity);
      return [element];
    }
    fill(LEFT);
    const more = make("button", `Show all ${length.toLocaleString("en")} characters`, { type: "button", class: "more" });
    more.addEventListener("click", () => {
      fill(Infinity);
      more.remove();
      element.tabIndex = -1;
      element.focus({ preventScroll: true });
    });
    return [element, more];
  };

  const facts = (title, values) => {
    const entries = Object.entries(values);
    if (!entries.length) return [];
    const terms = make("dl");
    entries.forEach(([name, value]) => terms.append(make("dt", name), make("dd", value, { dir: "auto" })));
    return [make("h4", title), terms];
  };

  // JSON on more lines where one is too long to be read; any other text as it is.
  const laidOut = (text) => {
    if (text.length < 60 || !"{[".includes(text[0])) return text;
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  };

  const turn = ({ role, kind, title, text }) => {
    const how = ["tools", "tool", "context"].includes(role) ? role : kind;
    const spoken = ["text", "reasoning", "context"].includes(how);
    const said = make("div", undefined, { class: `said ${how} by-${role}`, dir: "auto" });
    const shown = texts(said, [["same", spoken ? text : laidOut(text)]]);
    if (how !== "tools") return [make("h4", title), ...shown];
    return [folded("tools", shown)];
  };

  const folded = (title, inside, open = false) => {
    const details = make("details");
    details.append(make("summary", title), ...inside);
    details.open = open;
    return details;
  };

  return { make, written, texts, facts, turn, folded };
})();
