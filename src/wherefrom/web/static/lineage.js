// Walks and lights the picture of a lineage: arrows lead along its lines, focus and pointer light the ways through a box.
// Without it every box that leads somewhere is a link in the order of the tabulator key, and everything is in the table.
"use strict";
for (const picture of document.querySelectorAll("svg.lineage-picture")) {
  const boxes = new Map([...picture.querySelectorAll(".box")].map((box) => [box.id, box]));
  const lines = [...picture.querySelectorAll("g[data-from]")];
  const next = (id, forwards) => lines.filter((line) => line.dataset[forwards ? "from" : "to"] === id)
    .map((line) => line.dataset[forwards ? "to" : "from"]);
  const reached = (id, forwards, seen = new Set([id])) => {
    for (const other of next(id, forwards)) if (!seen.has(other)) reached(other, forwards, seen.add(other));
    return seen;
  };
  const light = (box) => {
    const down = box ? reached(box.id, true) : new Set(), up = box ? reached(box.id, false) : new Set();
    picture.classList.toggle("lighting", Boolean(box));
    for (const [id, one] of boxes) one.classList.toggle("lit", down.has(id) || up.has(id));
    for (const line of lines) {
      const { from, to } = line.dataset;
      line.classList.toggle("lit", (down.has(from) && down.has(to)) || (up.has(from) && up.has(to)));
    }
  };
  const middle = (box) => { const at = box.getBBox(); return at.y + at.height / 2; };
  const nearest = (ids, box) => ids.map((id) => boxes.get(id)).filter((one) => one && one.matches("a, [tabindex]"))
    .sort((a, b) => Math.abs(middle(a) - middle(box)) - Math.abs(middle(b) - middle(box)))[0];
  const inColumn = (box, step) => {
    const column = [...box.closest("[role=list]").querySelectorAll(".box")];
    return column[column.indexOf(box) + step];
  };
  for (const box of boxes.values()) if (!box.matches("a")) box.setAttribute("tabindex", "-1");
  picture.addEventListener("keydown", (event) => {
    const box = event.target.closest(".box");
    const to = box && {
      ArrowRight: () => nearest(next(box.id, true), box),
      ArrowLeft: () => nearest(next(box.id, false), box),
      ArrowUp: () => inColumn(box, -1),
      ArrowDown: () => inColumn(box, 1),
    }[event.key];
    if (!to || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    to()?.focus();
  });
  picture.addEventListener("focusin", (event) => light(event.target.closest(".box")));
  picture.addEventListener("focusout", () => light(null));
  picture.addEventListener("pointerover", (event) => light(event.target.closest(".box") || picture.querySelector(".box:focus")));
  picture.addEventListener("pointerleave", () => light(picture.querySelector(".box:focus")));
}

// Offers the picture as PNG, which the browser makes from the SVG of this page.
const svg = document.querySelector('.formats a[type="image/svg+xml"]');
if (svg) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "PNG";
  button.addEventListener("click", async () => {
    const image = new Image();
    image.src = svg.href;
    await image.decode();
    const canvas = document.createElement("canvas"), scale = 2;
    [canvas.width, canvas.height] = [image.width * scale, image.height * scale];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const link = document.createElement("a");
    link.download = "lineage.png";
    link.href = URL.createObjectURL(await new Promise((done) => canvas.toBlob(done, "image/png")));
    link.click();
    URL.revokeObjectURL(link.href);
  });
  svg.after(", ", button);
}
