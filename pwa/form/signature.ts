/** A name drawn with a finger, kept as one SVG path. */

export interface Point {
  x: number;
  y: number;
}

/** Size of the pad's own coordinates; the drawing scales with the screen. */
export const PAD = { width: 300, height: 158 };
const MOST = 20_000;
const NEAR = 1.2;

/** Strokes as a smooth path: curves through the midpoints, tenths of a unit. */
export function pathOf(strokes: Point[][]): string {
  return strokes.map(strokePath).filter(Boolean).join("");
}

function strokePath(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  if (rest.length === 0) return `M${at(first)}l.1 0`;
  let path = `M${at(first)}`;
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1];
    path += next
      ? `Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`
      : `L${at(point)}`;
  }
  return path;
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}

/** Whether a point is far enough from the last one to be worth keeping. */
export function isNew(stroke: Point[], point: Point): boolean {
  const last = stroke[stroke.length - 1];
  return !last || Math.hypot(point.x - last.x, point.y - last.y) >= NEAR;
}

interface Drawing {
  pad: HTMLElement;
  input: HTMLInputElement;
  before: string;
  strokes: Point[][];
}

let drawing: Drawing | null = null;
let pen: number | null = null;

export function listenSignature(): void {
  document.addEventListener("pointerdown", down);
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", up);
  document.addEventListener("pointercancel", up);
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-sign-clear]");
    const place = button?.closest<HTMLElement>("[data-sign]");
    if (place) clear(place);
  });
}

function down(event: PointerEvent): void {
  const pad = (event.target as Element).closest<HTMLElement>(".signpad:not(.signed)");
  const input = pad?.closest("[data-sign]")?.querySelector<HTMLInputElement>("input[type=hidden][id]");
  if (!pad || !input || pen !== null) return;
  event.preventDefault();
  if (drawing?.pad !== pad)
    drawing = { pad, input, before: input.value ? strokesOf(input.value) : "", strokes: [] };
  pen = event.pointerId;
  pad.setPointerCapture(pen);
  pad.querySelector("p")?.remove();
  drawing.strokes.push([point(event, pad)]);
  draw();
}

function move(event: PointerEvent): void {
  if (!drawing || event.pointerId !== pen) return;
  const stroke = drawing.strokes[drawing.strokes.length - 1] as Point[];
  const events = event.getCoalescedEvents?.() ?? [event];
  for (const each of events.length > 0 ? events : [event]) {
    const next = point(each, drawing.pad);
    if (isNew(stroke, next)) stroke.push(next);
  }
  draw();
}

function up(event: PointerEvent): void {
  if (!drawing || event.pointerId !== pen) return;
  pen = null;
  const path = drawing.before + pathOf(drawing.strokes);
  if (path.length > MOST) {
    drawing.strokes.pop();
    draw();
    return;
  }
  drawing.input.value = JSON.stringify({ path, width: PAD.width, height: PAD.height });
  drawing.input.dispatchEvent(new Event("change", { bubbles: true }));
}

function draw(): void {
  if (!drawing) return;
  const svg = drawing.pad.querySelector("svg");
  let ink = svg?.querySelector<SVGPathElement>("path.ink");
  if (!ink) {
    ink = document.createElementNS("http://www.w3.org/2000/svg", "path");
    ink.setAttribute("class", "ink");
    svg?.append(ink);
  }
  ink.setAttribute("d", drawing.before + pathOf(drawing.strokes));
}

function clear(place: HTMLElement): void {
  drawing = null;
  place.querySelector("path.ink")?.remove();
  const input = place.querySelector<HTMLInputElement>("input[type=hidden][id]");
  if (!input?.value) return;
  input.value = "";
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function strokesOf(value: string): string {
  const path = (JSON.parse(value) as { path?: unknown }).path;
  return typeof path === "string" ? path : "";
}

function point(event: PointerEvent, pad: HTMLElement): Point {
  const box = pad.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * PAD.width,
    y: ((event.clientY - box.top) / box.height) * PAD.height,
  };
}
