"use strict";
// One example as the run has it. A voxel is in the ROI at stop k of τ if its level exceeds k, and has
// entered at threshold j if its rank does not exceed that threshold's place.

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

class Example {
  static async of(packed) {
    const [picture, levels, ranks, curves] = await Promise.all(
      [packed.picture, packed.levels, packed.ranks, packed.curves].map(unpack));
    const Ranks = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[packed.bytes];
    return Object.assign(new Example(), packed, {
      picture: new Uint8Array(picture),
      levels: new Uint8Array(levels),
      ranks: new Ranks(ranks),
      curves: new Int32Array(curves),
    });
  }

  get isVolume() {
    return this.shape[0] > 1;
  }

  voxel([z, y, x]) {
    return (z * this.shape[1] + y) * this.shape[2] + x;
  }

  inRoi(voxel, k) {
    return this.levels[voxel] > k;
  }

  entered(voxel, k, j) {
    return this.inRoi(voxel, k) && this.ranks[voxel] <= this.grid(k)[j];
  }

  // Places of the thresholds of an ROI; one row where all ROIs share them.
  grid(k) {
    return this.places[this.places.length === 1 ? 0 : k];
  }

  threshold(k, j) {
    return this.thresholds[this.grid(k)[j]];
  }

  betti(k, dim, j) {
    return this.curves[(k * this.dims + dim) * this.grid(k).length + j];
  }

  bettiNumbers(k, j) {
    return Array.from({ length: this.dims }, (_, dim) => this.betti(k, dim, j));
  }

  // How many thresholds are below a value.
  thresholdsBelow(k, value) {
    return this.grid(k).filter((_, j) => this.threshold(k, j) < value).length;
  }
}
