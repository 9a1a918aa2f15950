// A list of any length of which only the visible lines exist.

// Browsers lay out no more than some millions of pixels; beyond, the scroll bar stands for a share of the list.
const TALLEST = 8_000_000;

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
    viewport.addEventListener("scroll", () => this.schedule(), { passive: true });
    new ResizeObserver(() => this.schedule()).observe(viewport);
  }

  setTotal(total) {
    this.total = total;
    this.tall = total * this.height;
    this.spacer.style.height = `${Math.min(this.tall, TALLEST)}px`;
    this.schedule();
  }

  /** How far down the list the upper edge is, in pixels of a list of full height. */
  get offset() {
    const room = this.viewport.clientHeight;
    if (this.tall <= TALLEST) return this.viewport.scrollTop;
    return (this.viewport.scrollTop / (TALLEST - room)) * (this.tall - room);
  }

  set offset(value) {
    const room = this.viewport.clientHeight;
    const top = Math.max(0, Math.min(value, this.tall - room));
    this.viewport.scrollTop = this.tall <= TALLEST ? top : (top / (this.tall - room)) * (TALLEST - room);
  }

  get visible() {
    return Math.ceil(this.viewport.clientHeight / this.height) + 1;
  }

  /** Scroll no more than it takes to see a line, with some around it after a jump. */
  reveal(index) {
    const room = this.viewport.clientHeight;
    const top = index * this.height;
    const from = this.offset;
    if (top >= from && top + this.height <= from + room) return;
    const near = top > from - this.height * 2 && top < from + room + this.height * 2;
    if (near) this.offset = top < from ? top : top + this.height - room;
    else this.offset = top - room / 2;
    this.schedule();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => { this.scheduled = false; this.draw(); });
  }

  draw() {
    const offset = this.offset;
    const shift = this.viewport.scrollTop - offset;
    this.first = Math.max(0, Math.floor(offset / this.height));
    const count = Math.min(this.visible, this.total - this.first);
    while (this.pool.length < count) {
      const element = this.make();
      this.viewport.append(element);
      this.pool.push(element);
    }
    this.pool.forEach((element, slot) => {
      element.hidden = slot >= count;
      if (slot >= count) return;
      const index = this.first + slot;
      element.style.transform = `translateY(${index * this.height + shift}px)`;
      this.fill(element, index);
    });
    if (this.drawn) this.drawn(this.first, count);
  }

  /** The element that shows a line now, or undefined. */
  element(index) {
    const slot = index - this.first;
    return slot >= 0 && slot < this.pool.length && !this.pool[slot].hidden ? this.pool[slot] : undefined;
  }
}
