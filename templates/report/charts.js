"use strict";
// Draws the charts, and moves their thresholds.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const views = new Map(); // element -> Vega view

  const config = () => {
    const style = getComputedStyle(document.documentElement);
    const [ink, faint] = ["--ink", "--line"].map((name) => style.getPropertyValue(name).trim());
    return {
      background: null,
      font: "system-ui, sans-serif",
      view: { stroke: null },
      text: { color: ink },
      axis: { labelColor: ink, titleColor: ink, gridColor: faint, domainColor: faint, tickColor: faint,
              titleFontWeight: "normal", labelLimit: 150 },
      legend: { labelColor: ink, titleColor: ink },
    };
  };

  const draw = async (element, spec) => {
    if (!window.vegaEmbed || !spec) return;
    const whole = { ...spec, width: "container", autosize: { type: "fit-x", contains: "padding" }, config: config() };
    // `ast` interprets expressions: the page's policy lets no code be made from text.
    const drawn = await vegaEmbed(element, whole, { actions: false, ast: true, renderer: "svg", mode: "vega-lite" });
    views.get(element)?.finalize();
    views.set(element, drawn.view);
    element.dispatchEvent(new Event("drawn"));
  };

  const count = (number) => number.toLocaleString("en");

  // places: [value, kept at least, removed at least, kept at most, removed at most]
  const within = (measure, at, column) => {
    const total = column === 1 ? measure.kept : measure.removed;
    const above = at.at_least === undefined ? total : measure.places[at.at_least][column];
    const below = at.at_most === undefined ? total : measure.places[at.at_most][column + 2];
    return Math.max(0, above + below - total);
  };

  const sliders = (card) => {
    const measure = data.measures[card.dataset.measure];
    const chart = card.querySelector(".chart");
    const inputs = [...card.querySelectorAll("input")];
    const show = () => {
      const at = {};
      inputs.forEach((input) => {
        at[input.dataset.kind] = Number(input.value);
        const value = measure.places[input.value][0];
        input.parentElement.querySelector("output").textContent = value;
        input.setAttribute("aria-valuetext", value);
        const mark = `mark_${Object.keys(measure.bounds).indexOf(input.dataset.kind)}`;
        views.get(chart)?.signal(mark, value).run();
      });
      const verdict = card.querySelector(".verdict");
      if (verdict) {
        const more = measure.removed ? ` and let ${count(within(measure, at, 2))} of the ${count(measure.removed)} that fell here go on` : "";
        verdict.textContent = `would keep ${count(within(measure, at, 1))} of ${count(measure.kept)} kept rows${more}`;
      }
    };
    inputs.forEach((input) => {
      const bound = measure.bounds[input.dataset.kind];
      const closest = (best, place, index) =>
        Math.abs(place[0] - bound) < Math.abs(measure.places[best][0] - bound) ? index : best;
      input.value = measure.places.reduce(closest, 0);
      input.addEventListener("input", show);
    });
    chart?.addEventListener("drawn", show);
    show();
  };

  const drawAll = () => Promise.all([
    ...[...document.querySelectorAll("[data-chart]")].map((element) => draw(element, data[element.dataset.chart])),
    ...[...document.querySelectorAll("[data-measure]")].map((card) =>
      draw(card.querySelector(".chart"), data.measures[card.dataset.measure].chart)),
  ]).then(() => { document.documentElement.dataset.drawn = "true"; });

  document.querySelectorAll("[data-measure]").forEach(sliders);
  dark.addEventListener("change", drawAll);
  drawAll();
})();
