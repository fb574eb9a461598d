"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const matrix = document.getElementById("matrix");
const CLASSES = ["failure", "deviation", "unsupported", "pass"];
const SVG = "http://www.w3.org/2000/svg";
const A_SCREEN = 100;
const ORDER = new Map(Object.keys(data.vectors).map((identifier, place) => [identifier, place]));
const chosen = { implementation: "", backend: "", group: "", flag: "", verdict: "", vector: "" };
const selects = {};
let opener = null;
let shown = A_SCREEN;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function drawing(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function histogram(bins) {
  const most = Math.max(1, ...bins.map(([, count]) => count));
  const spoken = bins.map(([label, count]) => `${label}: ${count}`).join(", ");
  const width = bins.length * 30;
  const svg = drawing("svg", {
    role: "img", "aria-label": `Vectors by their largest error in ulp. ${spoken}`, width, height: 62, viewBox: `0 0 ${width} 62`,
  });
  bins.forEach(([label, count], place) => {
    const height = count ? Math.max(1, 36 * count / most) : 0;
    svg.append(drawing("rect", { x: place * 30 + 4, y: 48 - height, width: 22, height }));
    svg.append(drawing("text", { x: place * 30 + 15, y: 44 - height }, String(count)));
    svg.append(drawing("text", { x: place * 30 + 15, y: 59 }, label));
  });
  return svg;
}

function binned(errors) {
  const limits = [0, 1, 2, 4, 8, 64, Infinity];
  const bins = (data.rows[0]?.histogram ?? []).map(([label]) => [label, 0]);
  for (const error of errors) bins[limits.findIndex((limit) => error <= limit)][1] += 1;
  return bins;
}

// Outcomes that the filters let through: the row, the vector, and the verdict of each.
function found() {
  const passing = [];
  for (const row of data.rows) {
    if (chosen.implementation && row.implementation !== chosen.implementation) continue;
    if (chosen.backend && row.backend !== chosen.backend) continue;
    for (const [identifier, outcome] of Object.entries(row.outcomes)) {
      const [, flags, group] = data.vectors[identifier];
      if (chosen.vector && identifier !== chosen.vector) continue;
      if (chosen.group && group !== chosen.group) continue;
      if (chosen.flag && !flags.includes(chosen.flag)) continue;
      if (chosen.verdict && data.verdicts[outcome[0]] !== chosen.verdict) continue;
      passing.push({ row, identifier, outcome });
    }
  }
  return passing;
}

function byVector(passing) {
  const vectors = new Map();
  for (const one of passing) {
    if (!vectors.has(one.identifier)) vectors.set(one.identifier, []);
    vectors.get(one.identifier).push(one);
  }
  const worst = ([, outcomes]) => Math.min(...outcomes.map(({ outcome }) => outcome[0]));
  return [...vectors].sort((a, b) => worst(a) - worst(b) || ORDER.get(a[0]) - ORDER.get(b[0]));
}

function listed([identifier, outcomes]) {
  const [comment, flags] = data.vectors[identifier];
  const item = element("li", "", { id: `vector-${identifier}` });
  item.append(element("a", identifier, { href: `#vector-${identifier}` }), ` ${comment} `);
  for (const flag of flags) {
    item.append(element("a", flag, { href: `#flag-${flag}`, title: data.flags[flag].bug }), " ");
  }
  const list = element("ul", "");
  list.append(...outcomes.map(judged));
  item.append(list);
  return item;
}

function judged({ row, outcome: [verdict, ulp, detail] }) {
  const item = element("li", "");
  item.append(element("span", data.verdicts[verdict], { class: `verdict ${CLASSES[verdict]}` }), " ");
  item.append(`${row.label}. `);
  if (ulp !== null) item.append(element("span", `${ulp} ulp. `, { class: "quiet" }));
  if (detail) item.append(element("div", detail));
  return item;
}

function render() {
  const passing = found();
  const vectors = byVector(passing);
  document.getElementById("panel-summary").textContent = vectors.length
    ? data.verdicts.map((name, place) => `${name}: ${passing.filter(({ outcome }) => outcome[0] === place).length}`).join(", ") + "."
    : "No vector is like this.";
  const errors = passing.map(({ outcome }) => outcome[1]).filter((ulp) => ulp !== null);
  const chart = [element("figcaption", "Results by their largest error, in units in the last place (ulp)"), histogram(binned(errors))];
  document.getElementById("panel-histogram").replaceChildren(...(errors.length ? chart : []));
  document.getElementById("panel-vectors").replaceChildren(...vectors.slice(0, shown).map(listed));
  document.getElementById("more").hidden = vectors.length <= shown;
}

function choose(filters, title = "Vectors") {
  Object.assign(chosen, { implementation: "", backend: "", group: "", flag: "", verdict: "", vector: "" }, filters);
  for (const [name, select] of Object.entries(selects)) select.value = chosen[name];
  document.getElementById("panel-title").textContent = title;
  shown = A_SCREEN;
  render();
}

function filter(name, values) {
  const label = element("label", name);
  const select = element("select", "", { id: `filter-${name}` });
  select.append(element("option", "all", { value: "" }));
  for (const value of values) select.append(element("option", value.replaceAll("_", " "), { value }));
  select.addEventListener("change", () => {
    close(false);
    choose({ ...chosen, [name]: select.value, vector: "" });
  });
  selects[name] = select;
  label.append(select);
  document.getElementById("filters").append(label);
}

function open(button) {
  const row = data.rows[button.dataset.row];
  const group = button.dataset.group;
  close(false);
  opener = button;
  button.setAttribute("aria-expanded", "true");
  const { implementation, backend } = row;
  choose(
    { implementation, backend, group },
    `${row.label}: ${group ? group.replaceAll("_", " ") : "all groups"}`,
  );
  const title = document.getElementById("panel-title");
  title.focus();
  title.scrollIntoView({ block: "nearest" });
}

function close(refocus = true) {
  if (opener === null) return;
  opener.setAttribute("aria-expanded", "false");
  if (refocus) opener.focus();
  opener = null;
}

// A link to a vector shows it, whatever the filters were.
function follow() {
  const identifier = location.hash.replace(/^#vector-/, "");
  if (!location.hash.startsWith("#vector-") || !Object.hasOwn(data.vectors, identifier)) return;
  if (!document.getElementById(location.hash.slice(1))) {
    close(false);
    choose({ vector: identifier }, `Vector ${identifier}`);
  }
  document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "nearest" });
}

function moved(key, control, line, place, lines) {
  const last = lines[line].length - 1;
  switch (key) {
    case "ArrowRight": return [line, Math.min(place + 1, last)];
    case "ArrowLeft": return [line, Math.max(place - 1, 0)];
    case "ArrowDown": return [Math.min(line + 1, lines.length - 1), place];
    case "ArrowUp": return [Math.max(line - 1, 0), place];
    case "Home": return [control ? 0 : line, 0];
    case "End": return [control ? lines.length - 1 : line, last];
    default: return null;
  }
}

matrix.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) { stop(button); open(button); }
});

matrix.addEventListener("keydown", (event) => {
  const lines = [...matrix.tBodies[0].rows].map((row) => [...row.querySelectorAll("button")]);
  const line = lines.findIndex((buttons) => buttons.includes(event.target));
  if (line < 0) return;
  const next = moved(event.key, event.ctrlKey, line, lines[line].indexOf(event.target), lines);
  if (!next) return;
  event.preventDefault();
  const button = lines[next[0]][next[1]];
  stop(button);
  button.focus();
});

function stop(button) {
  matrix.querySelector('button[tabindex="0"]').tabIndex = -1;
  button.tabIndex = 0;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
function hint() {
  const scroll = document.getElementById("scroll");
  document.getElementById("hint").hidden = scroll.scrollWidth <= scroll.clientWidth;
}

window.addEventListener("resize", hint);
hint();
document.getElementById("more").addEventListener("click", () => { shown += A_SCREEN; render(); });
window.addEventListener("hashchange", follow);

const distinct = (name) => [...new Set(data.rows.map((row) => row[name]))];
filter("implementation", distinct("implementation"));
filter("backend", distinct("backend"));
filter("group", [...new Set(Object.values(data.vectors).map(([, , group]) => group))]);
filter("flag", Object.keys(data.flags));
filter("verdict", data.verdicts);
for (const figure of document.querySelectorAll("[data-histogram]")) {
  figure.prepend(histogram(data.rows[figure.dataset.histogram].histogram));
}
const failing = data.rows.some((row) => Object.values(row.outcomes).some(([verdict]) => verdict === 0));
choose({ verdict: failing ? "failure" : "" });
follow();
