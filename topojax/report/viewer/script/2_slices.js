// Slices on canvases: grey values, entered voxels tinted, the ROI outlined, the cross, bars' voxels.
// A state is { k, j, cross }: stops of τ and t, and the voxel under the cross.

const DIM_COLOURS = ["#0072B2", "#D55E00", "#009E73"];
const TINT = [0, 158, 255];
const TINT_SHARE = 0.45;
const LONGEST_SIDE = 300;

// The canvas of one axis, whose other two are rows and columns.
function sliceOf(example, axis) {
  const [rows, columns] = [0, 1, 2].filter((other) => other !== axis);
  const zoom = Math.max(1, Math.floor(LONGEST_SIDE / Math.max(...example.shape)));
  const canvas = document.createElement("canvas");
  canvas.width = example.shape[columns] * zoom;
  canvas.height = example.shape[rows] * zoom;
  return { axis, rows, columns, zoom, canvas };
}

function drawSlice(slice, example, state) {
  const { axis, rows, columns, zoom, canvas } = slice;
  const [height, width] = [example.shape[rows], example.shape[columns]];
  const at = (row, column) => {
    const place = [0, 0, 0];
    [place[axis], place[rows], place[columns]] = [state.cross[axis], row, column];
    return example.voxel(place);
  };
  const small = document.createElement("canvas");
  Object.assign(small, { width, height });
  small.getContext("2d").putImageData(tinted(example, state, height, width, at), 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  drawOutline(context, height, width, zoom, (row, column) =>
    row >= 0 && column >= 0 && row < height && column < width
      && example.inRoi(at(row, column), state.k));
  drawCross(context, slice, state.cross);
  if (state.k === example.own) drawBars(context, slice, example.bars, state.cross);
}

function tinted(example, { k, j }, height, width, at) {
  const image = new ImageData(width, height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const voxel = at(row, column), target = 4 * (row * width + column);
      const share = example.entered(voxel, k, j) ? TINT_SHARE : 0;
      for (let c = 0; c < 3; c++) {
        const grey = example.picture[example.channels === 3 ? 3 * voxel + c : voxel];
        image.data[target + c] = (1 - share) * grey + share * TINT[c];
      }
      image.data[target + 3] = 255;
    }
  }
  return image;
}

function drawOutline(context, height, width, zoom, inside) {
  context.beginPath();
  for (let row = 0; row <= height; row++) {
    for (let column = 0; column <= width; column++) {
      const here = inside(row, column);
      if (here !== inside(row - 1, column)) {
        context.moveTo(column * zoom, row * zoom);
        context.lineTo((column + 1) * zoom, row * zoom);
      }
      if (here !== inside(row, column - 1)) {
        context.moveTo(column * zoom, row * zoom);
        context.lineTo(column * zoom, (row + 1) * zoom);
      }
    }
  }
  stroke(context, "#000", 4, "#FFD92F", 2);
}

// The voxel itself stays free.
function drawCross(context, { rows, columns, zoom, canvas }, cross) {
  const [y, x] = [(cross[rows] + 0.5) * zoom, (cross[columns] + 0.5) * zoom];
  const arms = [
    [0, y, x - zoom, y], [x + zoom, y, canvas.width, y],
    [x, 0, x, y - zoom], [x, y + zoom, x, canvas.height],
  ];
  context.beginPath();
  for (const [x0, y0, x1, y1] of arms) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  stroke(context, "rgba(0, 0, 0, 0.5)", 3, "rgba(255, 255, 255, 0.8)", 1);
}

// A ring where a bar begins and a saltire where it ends, in the slices that hold the voxel.
function drawBars(context, { axis, rows, columns, zoom }, bars, cross) {
  for (const bar of bars) {
    bar.voxels.forEach((voxel, end) => {
      if (voxel === null || voxel[axis] !== cross[axis]) return;
      const [y, x] = [(voxel[rows] + 0.5) * zoom, (voxel[columns] + 0.5) * zoom];
      context.beginPath();
      if (end === 0) {
        context.arc(x, y, 5, 0, 2 * Math.PI);
      } else {
        for (const side of [-1, 1]) {
          context.moveTo(x - 5, y - 5 * side);
          context.lineTo(x + 5, y + 5 * side);
        }
      }
      stroke(context, "#fff", 5, DIM_COLOURS[bar.dim], 2.5);
    });
  }
}

function stroke(context, under, wide, over, narrow) {
  for (const [colour, width] of [[under, wide], [over, narrow]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}
