// Draws the tray icon: a key whose colour and mark show the state, so that it does not depend on colour alone.
import type { StateWord } from '../../local-api/state-summary.ts';

/** ARGB32 in network byte order, as IconPixmap of a StatusNotifierItem. */
export interface Pixmap {
  readonly size: number;
  readonly argb: Uint8Array;
}

/** Common icon heights of panels, at single and double resolution. */
const SIZES = [22, 24, 32, 48] as const;
/** Samples per pixel and axis, enough for smooth edges at these sizes. */
const SAMPLES = 4;

type Colour = readonly [red: number, green: number, blue: number];
/** Whether a point is inside; x and y go from 0 to 1 from the top left. */
type Shape = (x: number, y: number) => boolean;
type Layer = readonly [shape: Shape, colour: Colour | undefined];

const GREEN = [46, 170, 96] as const;
const AMBER = [235, 160, 20] as const;
const GREY = [140, 146, 156] as const;
const RED = [224, 62, 62] as const;
const BLUE = [74, 112, 232] as const;
const WHITE = [255, 255, 255] as const;

const circle =
  (centreX: number, centreY: number, radius: number): Shape =>
  (x, y) =>
    (x - centreX) ** 2 + (y - centreY) ** 2 <= radius ** 2;
const box =
  (left: number, top: number, right: number, bottom: number): Shape =>
  (x, y) =>
    x >= left && x <= right && y >= top && y <= bottom;
const either =
  (...shapes: readonly Shape[]): Shape =>
  (x, y) =>
    shapes.some((shape) => shape(x, y));
const without =
  (shape: Shape, hole: Shape): Shape =>
  (x, y) =>
    shape(x, y) && !hole(x, y);
/** A diagonal stroke from the top left to the bottom right, with this half width. */
const slash =
  (halfWidth: number): Shape =>
  (x, y) =>
    Math.abs(x - y) <= halfWidth && x + y >= 0.2 && x + y <= 1.8;
/** An upright triangle in the square with the given top left corner. */
const triangle =
  (left: number, top: number, side: number): Shape =>
  (x, y) => {
    const down = (y - top) / side;
    return down >= 0 && down <= 1 && Math.abs(x - left - side / 2) <= (down * side) / 2;
  };

const KEY = either(
  without(circle(0.28, 0.5, 0.25), circle(0.28, 0.5, 0.11)),
  box(0.5, 0.43, 0.97, 0.57),
  box(0.7, 0.5, 0.79, 0.73),
  box(0.87, 0.5, 0.97, 0.78),
);
/** The upper half of a ring, as the bow of a padlock. */
const arch =
  (centreX: number, centreY: number, radius: number, hole: number): Shape =>
  (x, y) =>
    y <= centreY && circle(centreX, centreY, radius)(x, y) && !circle(centreX, centreY, hole)(x, y);
const PADLOCK = either(box(0.53, 0.24, 0.95, 0.54), arch(0.74, 0.25, 0.16, 0.09));
const QUESTION_MARK = either(
  arch(0.74, 0.2, 0.12, 0.06),
  without(without(circle(0.74, 0.2, 0.12), circle(0.74, 0.2, 0.06)), box(0.6, 0.2, 0.74, 0.4)),
  box(0.71, 0.28, 0.77, 0.36),
  box(0.71, 0.4, 0.77, 0.46),
);

/** Layers from bottom to top. An undefined colour erases what is below it, for a gap between mark and key. */
const LAYERS: Readonly<Record<StateWord, readonly Layer[]>> = {
  ok: [[KEY, GREEN]],
  'ends-soon': [
    [KEY, AMBER],
    [circle(0.74, 0.26, 0.28), undefined],
    [circle(0.74, 0.26, 0.24), AMBER],
    [either(box(0.71, 0.08, 0.77, 0.3), box(0.71, 0.24, 0.88, 0.3)), WHITE],
  ],
  'needs-approval': [
    [KEY, BLUE],
    [circle(0.74, 0.26, 0.3), undefined],
    [circle(0.74, 0.26, 0.26), BLUE],
    [QUESTION_MARK, WHITE],
  ],
  locked: [
    [KEY, GREY],
    [either(box(0.47, 0.18, 1, 0.6), circle(0.74, 0.25, 0.22)), undefined],
    [PADLOCK, GREY],
    [box(0.71, 0.33, 0.77, 0.45), WHITE],
  ],
  'signed-out': [
    [KEY, GREY],
    [slash(0.11), undefined],
    [slash(0.05), GREY],
  ],
  problem: [
    [KEY, RED],
    [triangle(0.38, -0.06, 0.66), undefined],
    [triangle(0.44, 0, 0.54), RED],
    [either(box(0.67, 0.19, 0.75, 0.37), box(0.67, 0.42, 0.75, 0.5)), WHITE],
  ],
};

export function drawIcons(state: StateWord): readonly Pixmap[] {
  return SIZES.map((size) => ({ size, argb: draw(LAYERS[state], size) }));
}

function draw(layers: readonly Layer[], size: number): Uint8Array {
  const argb = new Uint8Array(size * size * 4);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      argb.set(mix(layers, column, row, size), (row * size + column) * 4);
    }
  }
  return argb;
}

/** One pixel as the mean of its samples, without premultiplied alpha. */
function mix(layers: readonly Layer[], column: number, row: number, size: number): readonly number[] {
  const sum = [0, 0, 0];
  let covered = 0;
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
    const x = (column + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
    const y = (row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
    const colour = layers.findLast(([shape]) => shape(x, y))?.[1];
    if (colour === undefined) continue;
    covered += 1;
    for (const [index, part] of colour.entries()) sum[index] = (sum[index] ?? 0) + part;
  }
  if (covered === 0) return [0, 0, 0, 0];
  return [Math.round((covered * 255) / SAMPLES ** 2), ...sum.map((part) => Math.round(part / covered))];
}
