// Betti curves as SVG, one panel a dimension, with the cursor at threshold t.

const FRAME = { width: 310, height: 140, left: 34, right: 296, top: 18, bottom: 116 };

function shortText(number) {
  return String(Number(number.toPrecision(4)));
}

function svgChild(parent, name, attributes, content = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = content;
  parent.append(element);
  return element;
}

// Draws into a parent; a click calls `choose` with the value of t under it.
function drawCurves(parent, example, state, choose) {
  parent.replaceChildren();
  for (let dim = 0; dim < example.dims; dim++) drawCurve(parent, example, state, dim, choose);
}

function drawCurve(parent, example, { k, j }, dim, choose) {
  const { width, height, left, right, top, bottom } = FRAME;
  const numbers = example.grid(k).map((_, i) => example.betti(k, dim, i));
  const most = numbers.reduce((a, b) => Math.max(a, b), 1);
  const [low, high] = [example.threshold(k, 0), example.threshold(k, numbers.length - 1)];
  const x = (i) => left + (right - left) * (example.threshold(k, i) - low) / (high - low || 1);
  const y = (number) => bottom - (bottom - top) * number / most;
  const colour = DIM_COLOURS[dim];
  const panel = svgChild(parent, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  panel.setAttribute(
    "aria-label", `β${dim} at t = ${shortText(example.threshold(k, j))}: ${numbers[j]}`);
  svgChild(panel, "rect", { width, height, fill: "#fff" });
  svgChild(panel, "path", { d: `M${left} ${top}V${bottom}H${right}`, stroke: "#888", fill: "none" });
  const line = numbers.map((number, i) => `${x(i).toFixed(1)} ${y(number).toFixed(1)}`);
  svgChild(panel, "path", { d: `M${line.join("L")}`, stroke: colour, fill: "none", opacity: 0.4 });
  numbers.forEach((number, i) =>
    svgChild(panel, "circle", { cx: x(i), cy: y(number), r: 1.8, fill: colour }));
  svgChild(panel, "path", { d: `M${x(j)} ${top}V${bottom}`, stroke: "#1a1a1a", class: "cursor" });
  svgChild(panel, "circle", { cx: x(j), cy: y(numbers[j]), r: 4, fill: colour });
  const labels = [
    [left, 11, "start", `β${dim} = ${numbers[j]}`],
    [left - 4, top + 4, "end", most],
    [left - 4, bottom + 3, "end", 0],
    [left, bottom + 16, "start", shortText(low)],
    [(left + right) / 2, bottom + 16, "middle", "t"],
    [right, bottom + 16, "end", shortText(high)],
  ];
  for (const [atX, atY, anchor, said] of labels) {
    svgChild(panel, "text", { x: atX, y: atY, "text-anchor": anchor }, said);
  }
  panel.addEventListener("click", (event) => {
    const box = panel.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * width - left) / (right - left);
    choose(low + share * (high - low));
  });
}
