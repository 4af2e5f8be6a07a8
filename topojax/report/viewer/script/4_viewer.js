// What a reader moves: the example, both thresholds, and the cross that links the slices.

async function startViewer() {
  const byId = (name) => document.getElementById(`viewer-${name}`);
  const packed = JSON.parse(byId("data").textContent);
  const unpacked = new Map();
  const chooser = byId("example"), tau = byId("tau"), level = byId("level");
  let shown, cross, slices;

  const state = () => ({ k: Number(tau.value), j: Number(level.value), cross });

  function draw() {
    const now = state();
    for (const slice of slices) {
      drawSlice(slice, shown, now);
      nameSlice(slice);
    }
    drawCurves(byId("curves"), shown, now, (value) =>
      moveThreshold(shown.thresholdsBelow(now.k, value)));
    say(now);
  }

  function say({ k, j }) {
    const voxels = shown.voxels[k], share = (100 * voxels / shown.levels.length).toFixed(1);
    let inside = 0;
    for (let voxel = 0; voxel < shown.levels.length; voxel++) inside += shown.entered(voxel, k, j);
    const numbers = shown.bettiNumbers(k, j).map((number, dim) => `β${dim} = ${number}`);
    const t = `t = ${shortText(shown.threshold(k, j))}`, stop = `τ = ${shortText(shown.taus[k])}`;
    const own = k === shown.own ? ", the run's" : "";
    byId("roi").textContent = `${stop}${own}: ${voxels} voxels, ${share}%`;
    byId("betti").textContent =
      `${t}: ${numbers.join(", ")}; ${inside} of ${voxels} voxels have entered`;
    tau.setAttribute("aria-valuetext", stop);
    level.setAttribute("aria-valuetext", t);
  }

  function moveThreshold(j) {
    level.value = Math.min(Math.max(j, 0), Number(level.max));
    draw();
  }

  function moveCross(axis, place) {
    cross[axis] = Math.min(Math.max(place, 0), shown.shape[axis] - 1);
    draw();
  }

  function addSlice(axis) {
    const slice = sliceOf(shown, axis), { canvas } = slice;
    const figure = document.createElement("figure");
    figure.className = "slice";
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.addEventListener("keydown", (event) => moveByKey(event, slice));
    canvas.addEventListener("click", (event) => moveByClick(event, slice));
    figure.append(canvas);
    if (shown.isVolume) {
      slice.input = document.createElement("input");
      Object.assign(slice.input, { type: "range", min: 0, max: shown.shape[axis] - 1 });
      slice.input.setAttribute("aria-label", `slice across axis ${axis}`);
      slice.input.addEventListener("input", () => moveCross(axis, Number(slice.input.value)));
      figure.append(slice.input);
    }
    slice.caption = document.createElement("figcaption");
    figure.append(slice.caption);
    byId("slices").append(figure);
    return slice;
  }

  function nameSlice({ axis, canvas, caption, input }) {
    if (shown.isVolume) {
      caption.textContent = `axis ${axis}, slice ${cross[axis]} of ${shown.shape[axis]}`;
      canvas.setAttribute(
        "aria-label", `${caption.textContent}, cross at voxel ${cross.join(", ")}`);
      input.value = cross[axis];
    } else {
      caption.textContent = `cross at pixel ${cross.slice(1).join(", ")}`;
      canvas.setAttribute("aria-label", `image, ${caption.textContent}`);
    }
  }

  function moveByKey(event, { axis, rows, columns }) {
    const moves = {
      ArrowUp: [rows, -1], ArrowDown: [rows, 1], ArrowLeft: [columns, -1], ArrowRight: [columns, 1],
      PageUp: [axis, 1], PageDown: [axis, -1],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [moved, step] = moves[event.key];
    moveCross(moved, cross[moved] + step);
  }

  function moveByClick(event, { canvas, rows, columns }) {
    const box = canvas.getBoundingClientRect();
    const share = (offset, length) => Math.floor(offset / length);
    moveCross(columns, share((event.clientX - box.left) * shown.shape[columns], box.width));
    moveCross(rows, share((event.clientY - box.top) * shown.shape[rows], box.height));
  }

  // A birth is seen at the first threshold that has reached it, a death at the last one before it.
  function visit(bar, end) {
    tau.value = shown.own;
    cross = [...bar.voxels[end]];
    const below = shown.thresholdsBelow(shown.own, bar.ends[end]);
    moveThreshold(end === 0 ? below : below - 1);
  }

  function listBars() {
    const ranks = {};
    const rows = shown.bars.map((bar) => {
      const row = document.createElement("tr"), head = document.createElement("th");
      ranks[bar.dim] = (ranks[bar.dim] || 0) + 1;
      head.scope = "row";
      head.textContent = `β${bar.dim}, number ${ranks[bar.dim]}`;
      row.append(head);
      for (const end of bar.ends) {
        row.insertCell().textContent = end === null ? "never" : shortText(end);
      }
      const cell = row.insertCell();
      ["birth", "death"].forEach((name, end) => {
        if (bar.voxels[end] === null) return;
        const button = document.createElement("button");
        Object.assign(button, { type: "button", textContent: name });
        button.setAttribute("aria-label", `go to the ${name} of ${head.textContent}`);
        button.addEventListener("click", () => visit(bar, end));
        cell.append(button);
      });
      return row;
    });
    byId("bars").tBodies[0].replaceChildren(...rows);
    byId("bars").closest("details").hidden = !rows.length;
  }

  async function choose(number) {
    if (!unpacked.has(number)) unpacked.set(number, await Example.of(packed[number]));
    // Another may have been chosen in the meantime.
    if (Number(chooser.value) !== number) return;
    shown = unpacked.get(number);
    cross = shown.shape.map((length) => Math.floor(length / 2));
    tau.max = shown.taus.length - 1;
    tau.value = shown.own;
    level.max = shown.grid(shown.own).length - 1;
    level.value = Math.floor(shown.grid(shown.own).length / 2);
    byId("slices").replaceChildren();
    slices = (shown.isVolume ? [0, 1, 2] : [0]).map(addSlice);
    listBars();
    draw();
    document.getElementById("viewer").dataset.shown = number;
  }

  if (typeof DecompressionStream === "undefined") {
    byId("failed").hidden = false;
    return;
  }
  chooser.addEventListener("change", () => choose(Number(chooser.value)));
  tau.addEventListener("input", draw);
  level.addEventListener("input", draw);
  // A browser that comes back to the page may have kept another choice.
  await choose(Number(chooser.value));
  document.getElementById("viewer").hidden = false;
}

startViewer();
