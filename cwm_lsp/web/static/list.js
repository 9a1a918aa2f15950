// A list of any length of which only the visible lines exist.

// Browsers lay out no more than some millions of pixels; beyond, the scroll bar stands for a share of the list.
const TALLEST = 8_000_000;

// Lines that are kept in sight before and after the chosen one.
const AROUND = 2;

export class VirtualList {
  /** `fill(element, index)` draws a line into an element made by `make()`; both are reused. */
  constructor(viewport, height, make, fill) {
    this.viewport = viewport;
    this.height = height;
    this.make = make;
    this.fill = fill;
    this.total = 0;
    this.pool = [];
    this.first = 0;
    this.spacer = document.createElement("div");
    this.spacer.className = "spacer";
    this.spacer.setAttribute("role", "presentation");
    viewport.append(this.spacer);
    this.scheduled = false;
    this.room = viewport.clientHeight;
    this.tall = 0;
    viewport.addEventListener("scroll", () => this.schedule(), { passive: true });
    this.chosen = 0;
    new ResizeObserver(() => {
      // A line that was shown stays in sight in a smaller window.
      const shown = this.sees(this.chosen);
      this.room = viewport.clientHeight;
      if (shown) this.reveal(this.chosen);
      this.schedule();
    }).observe(viewport);
  }

  setTotal(total) {
    this.total = total;
    this.tall = total * this.height;
    this.spacer.style.height = `${Math.min(this.tall, TALLEST)}px`;
    this.schedule();
  }

  /** How far down the list the upper edge is, in pixels of a list of full height. */
  get offset() {
    if (this.tall <= TALLEST) return this.viewport.scrollTop;
    return (this.viewport.scrollTop / (TALLEST - this.room)) * (this.tall - this.room);
  }

  set offset(value) {
    const top = Math.max(0, Math.min(value, this.tall - this.room));
    this.viewport.scrollTop = this.tall <= TALLEST ? top : (top / (this.tall - this.room)) * (TALLEST - this.room);
  }

  get visible() {
    return Math.ceil(this.room / this.height) + 1;
  }

  /** Scroll no more than it takes to see a line, with some around it after a jump. */
  reveal(index) {
    this.chosen = index;
    if (this.sees(index)) return;
    const top = index * this.height;
    const from = this.offset;
    const near = top > from - this.height * 2 && top < from + this.room + this.height * 2;
    const around = AROUND * this.height;
    if (near) this.offset = top < from ? top - around : top + this.height + around - this.room;
    else this.offset = top - this.room / 2;
    this.schedule();
  }

  sees(index) {
    const top = index * this.height;
    return top >= this.offset && top + this.height <= this.offset + this.room;
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => { this.scheduled = false; this.draw(); });
  }

  /** A line keeps its element, and its place, as long as it is in sight: scrolling costs what comes in. */
  draw() {
    const offset = this.offset;
    const shift = Math.round(this.viewport.scrollTop - offset);
    this.first = Math.max(0, Math.floor(offset / this.height));
    this.count = Math.max(0, Math.min(this.visible, this.total - this.first));
    while (this.pool.length < this.visible) {
      const element = this.make();
      element.at = null;
      this.viewport.append(element);
      this.pool.push(element);
    }
    const size = this.pool.length;
    for (let slot = 0; slot < size; slot += 1) {
      const index = this.first + ((((slot - this.first) % size) + size) % size);
      const element = this.pool[slot];
      const here = index < this.first + this.count;
      if (element.hidden === here) element.hidden = !here;
      if (!here) continue;
      const place = index * this.height + shift;
      if (element.at !== place) {
        element.at = place;
        element.style.transform = `translateY(${place}px)`;
      }
      this.fill(element, index);
    }
    if (this.drawn) this.drawn(this.first, this.count);
  }

  /** The element that shows a line now, or undefined. */
  element(index) {
    const here = index >= this.first && index < this.first + (this.count || 0);
    return here ? this.pool[index % this.pool.length] : undefined;
  }
}
