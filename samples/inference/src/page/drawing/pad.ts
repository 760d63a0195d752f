import type { Point, Stroke } from './strokes.ts';

/** How far an arrow key moves the pen. */
const step = 1 / 24;
const middle: Point = { x: 0.5, y: 0.5 };
const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export interface PadEvents {
  /** Something was drawn, or taken away. */
  changed(): void;
  /** What a person who does not see the pad is told. */
  told(text: string): void;
  /** Enter was pressed. */
  asked(): void;
}

/** The drawing area, for pointers and for the keyboard. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #events: PadEvents;
  #strokes: Point[][] = [];
  #isPointerDown = false;
  /** The pen of the keyboard: where it is, and whether it draws. */
  #pen = middle;
  #isPenDown = false;

  constructor(canvas: HTMLCanvasElement, events: PadEvents) {
    this.#canvas = canvas;
    this.#events = events;
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => this.#end());
    canvas.addEventListener('keydown', (event) => this.#key(event));
    for (const name of ['focus', 'blur']) canvas.addEventListener(name, () => this.show());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.show());
    this.show();
  }

  get strokes(): readonly Stroke[] {
    return this.#strokes;
  }

  /** Replaces the drawing. */
  draw(strokes: readonly Stroke[]): void {
    this.#strokes = strokes.map((stroke) => [...stroke]);
    this.#isPenDown = false;
    this.#pen = middle;
    this.show();
    this.#events.changed();
  }

  show(): void {
    const { width } = this.#canvas;
    const context = this.#canvas.getContext('2d');
    if (context === null) throw new Error('The browser does not draw on a canvas.');
    const style = getComputedStyle(this.#canvas);
    context.clearRect(0, 0, width, width);
    context.strokeStyle = style.getPropertyValue('--ink');
    context.lineWidth = width / 14;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const stroke of this.#strokes) {
      context.beginPath();
      for (const { x, y } of stroke) context.lineTo(x * width, y * width);
      // A dot is a line to itself.
      if (stroke.length === 1) context.lineTo((stroke[0]?.x ?? 0) * width, (stroke[0]?.y ?? 0) * width);
      context.stroke();
    }
    if (this.#canvas.matches(':focus-visible')) this.#showPen(context, style.getPropertyValue('--accent'));
  }

  #showPen(context: CanvasRenderingContext2D, color: string): void {
    const { width } = this.#canvas;
    context.fillStyle = color;
    context.strokeStyle = color;
    context.lineWidth = 3;
    context.beginPath();
    context.arc(this.#pen.x * width, this.#pen.y * width, width / 32, 0, 2 * Math.PI);
    if (this.#isPenDown) context.fill();
    else context.stroke();
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#isPointerDown = true;
    this.#isPenDown = false;
    this.#strokes.push([]);
    this.#move(event);
  }

  #move(event: PointerEvent): void {
    if (!this.#isPointerDown) return;
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    this.#add({ x: (event.clientX - left) / width, y: (event.clientY - top) / height });
  }

  #end(): void {
    this.#isPointerDown = false;
  }

  #add(point: Point): void {
    const inside = (value: number): number => Math.min(1, Math.max(0, value));
    this.#strokes.at(-1)?.push({ x: inside(point.x), y: inside(point.y) });
    this.show();
    this.#events.changed();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = arrows[event.key];
    if (arrow !== undefined) this.#step(arrow);
    else if (event.key === ' ') this.#togglePen();
    else if (event.key === 'Enter') this.#events.asked();
    else return;
    event.preventDefault();
  }

  #step({ x, y }: Point): void {
    const inside = (value: number): number => Math.min(1, Math.max(0, value));
    this.#pen = { x: inside(this.#pen.x + x * step), y: inside(this.#pen.y + y * step) };
    if (this.#isPenDown) this.#add(this.#pen);
    else this.show();
  }

  #togglePen(): void {
    this.#isPenDown = !this.#isPenDown;
    this.#events.told(this.#isPenDown ? 'The pen is down.' : 'The pen is up.');
    if (this.#isPenDown) {
      this.#strokes.push([]);
      this.#add(this.#pen);
    } else this.show();
  }
}
