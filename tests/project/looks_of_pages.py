"""How pages look: scripts that find in a browser what is wrong, and letters of pictures."""

import re

import pytest

SCALE, VIEW = re.compile(r"scale\(([\d.]+) -"), re.compile(r'viewBox="0 0 ([\d.]+)')
# Elements that stick out of the window and stand in nothing that scrolls sideways by itself.
STICKING_OUT = """
const scrolls = (node) => {
  for (let at = node; at && at.tagName !== "ARTICLE"; at = at.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
  return false;
};
return [...document.querySelectorAll("article *")]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 1)
  .filter((node) => !scrolls(node)).map((node) => node.outerHTML.slice(0, 80));
"""
# What is cut off, or scrolls sideways without saying so above; the marks come after a frame.
SILENT = """
const done = arguments[arguments.length - 1];
const says = (node) => getComputedStyle(node, "::before").content.includes("scrolls sideways");
const cut = (node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0
  && getComputedStyle(node).overflowX !== "visible" && !node.classList.contains("copybtn");
requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(
  [...document.querySelectorAll("article, article *")]
    .filter((node) => node.checkVisibility() && cut(node) && !says(node))
    .map((node) => node.outerHTML.slice(0, 120))))));
"""
# Code that is wider than its place: it wraps, but for what is printed in columns.
WIDE_CODE = """
return [...document.querySelectorAll("article pre")].filter((node) =>
  !node.closest(".columns") && node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.innerText.slice(0, 80));
"""
# Names that lie over the next cell or over the edge of the list of headings, or break in a head.
MISPLACED_NAMES = """
const right = (node) => {
  const range = document.createRange();
  range.selectNodeContents(node);
  return range.getBoundingClientRect().right;
};
const names = "article :is(td, th) code, .bd-sidebar-secondary .nav-link";
const over = [...document.querySelectorAll(names)].filter((node) => node.checkVisibility()
  && right(node) > node.closest("td, th, .page-toc").getBoundingClientRect().right + 1);
const broken = [...document.querySelectorAll("article th:not(:first-child) code .pre")]
  .filter((node) => node.checkVisibility() && node.getClientRects().length > 1);
return [...over, ...broken].map((node) => node.outerHTML.slice(0, 120));
"""
# Tables that are stacked on a phone, and still scroll.
STACKED_TOO_WIDE = """
return [...document.querySelectorAll("table.stacks")]
  .filter((table) => table.scrollWidth > table.parentElement.clientWidth + 1)
  .map((table) => table.outerHTML.slice(0, 80));
"""
# Text whose contrast is less than WCAG asks for: 4.5, or 3 where it is large.
FAINT = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const known = new Map();
const rgba = (color) => {
  if (!known.has(color)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    known.set(color, [...canvas.getImageData(0, 0, 1, 1).data]);
  }
  return known.get(color);
};
const over = (top, below) => [0, 1, 2].map(
  (place) => (top[place] * top[3] + below[place] * (255 - top[3])) / 255);
const ground = (node) => {
  if (!node) return [255, 255, 255];
  const own = rgba(getComputedStyle(node).backgroundColor);
  return own[3] === 255 ? own : over(own, ground(node.parentElement));
};
const luminance = (color) => {
  const [r, g, b] = color.slice(0, 3).map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const texts = [...document.querySelectorAll("body *")].filter((node) =>
  node.checkVisibility({visibilityProperty: true, opacityProperty: true})
  && !node.closest("svg, script, style, dialog:not([open])")
  && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
return [texts.length, texts.filter((node) => {
  const style = getComputedStyle(node), below = ground(node);
  const pair = [over(rgba(style.color), below), below].map(luminance);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05) < (large ? 3 : 4.5);
}).map((node) => node.outerHTML.slice(0, 90))];
"""


def smallest_letters(path):
    """Size of the smallest letters of a picture, as a share of its width."""
    if path.suffix == ".svg":
        text = path.read_text(encoding="utf-8")
        return min(map(float, SCALE.findall(text))) * 100 / float(VIEW.search(text)[1])
    imagesize = pytest.importorskip("imagesize")
    # Matplotlib's letters have 10 points.
    return 10 / 72 * imagesize.getDPI(path)[0] / imagesize.get(path)[0]
