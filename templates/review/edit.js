"use strict";
// The texts of a row in fields, to be written anew. Only what differs from the row is kept, in `edit`.
const rowEdit = (() => {
  const { make } = rowView;

  const named = (name) => name.replaceAll("_", " ");

  // Fields for all texts that may be edited; `changed` is called after each change of `edit`.
  const fields = (editable, edit, changed) => {
    const found = [];
    for (const [name, text] of Object.entries(editable)) {
      const label = make("label", undefined, { class: "field" });
      const field = make("textarea", undefined, { dir: "auto", "data-column": name });
      field.value = text;
      const before = field.value; // as a field holds it: with other breaks of lines
      field.value = edit[name] ?? text;
      field.rows = Math.min(20, Math.max(2, field.value.split("\n").length + Math.floor(field.value.length / 80)));
      field.addEventListener("input", () => {
        if (field.value === before) delete edit[name];
        else edit[name] = field.value;
        label.classList.toggle("changed", name in edit);
        changed();
      });
      label.classList.toggle("changed", name in edit);
      label.append(make("span", named(name)), field);
      found.push(label);
    }
    return found;
  };

  // What was written, to be read again once the fields are closed.
  const shown = (edit) => Object.entries(edit).flatMap(([name, text]) => {
    const said = make("div", undefined, { class: "said edited", dir: "auto" });
    return [make("h4", `your ${named(name)}`), ...rowView.texts(said, [["same", text]])];
  });

  return { fields, shown };
})();
