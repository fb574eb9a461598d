// Mark what is wider than its place, so that site.css can say that it scrolls, and whether to the end.
const WIDE = "pre, .pst-scrollable-table-container, .picture, .long-formula, math[display=block]";

function mark(node) {
  const beyond = node.scrollWidth - node.clientWidth;
  node.classList.toggle("scrolls", beyond > 1);
  node.classList.toggle("at-end", node.scrollLeft >= beyond - 1);
}

document.addEventListener("DOMContentLoaded", () => {
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  for (const node of document.querySelectorAll(`.bd-article :is(${WIDE})`)) {
    sizes.observe(node);
    node.addEventListener("scroll", () => mark(node), { passive: true });
    node.querySelectorAll("img").forEach((image) => image.addEventListener("load", () => mark(node)));
  }
});
