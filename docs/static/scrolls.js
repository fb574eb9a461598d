// Mark what is wider than its place, so that site.css can say that it scrolls, and whether to the end.
const WIDE = "pre, .pst-scrollable-table-container, .picture, .long-formula, math[display=block]";

function follow(node) {
  node.classList.toggle("at-end", node.scrollLeft >= node.scrollWidth - node.clientWidth - 1);
}

function mark(node) {
  // What site.css writes above may change the width of what is below it.
  node.classList.remove("scrolls");
  node.classList.toggle("scrolls", node.scrollWidth > node.clientWidth + 1);
  follow(node);
}

document.addEventListener("DOMContentLoaded", () => {
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  for (const node of document.querySelectorAll(`.bd-article :is(${WIDE})`)) {
    sizes.observe(node);
    node.addEventListener("scroll", () => follow(node), { passive: true });
    node.querySelectorAll("img").forEach((image) => image.addEventListener("load", () => mark(node)));
  }
});
