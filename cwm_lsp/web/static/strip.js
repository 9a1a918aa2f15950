// The whole run at a glance: how sure the model was, where it was wrong, how deep the calls went. It scrubs.

const LANE = 16;
const PAD = 8;

export class Strip {
  constructor(root, app) {
    this.app = app;
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.handle = root.querySelector(".handle");
    this.data = null;
    this.scheduled = false;
    new ResizeObserver(() => this.app.measured()).observe(root);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.schedule());
    }
    root.addEventListener("pointerdown", (event) => this.grab(event));
    root.addEventListener("pointermove", (event) => { if (this.held) this.scrub(event); });
    root.addEventListener("pointerup", () => { this.held = false; });
    root.addEventListener("pointercancel", () => { this.held = false; });
  }

  /** How many buckets there is room for. */
  get buckets() {
    return Math.max(1, Math.floor((this.root.clientWidth - 2 * PAD) / 2));
  }

  setData(data) {
    this.data = data;
    this.schedule();
  }

  grab(event) {
    this.held = true;
    this.root.setPointerCapture(event.pointerId);
    this.scrub(event);
  }

  scrub(event) {
    const box = this.root.getBoundingClientRect();
    const share = (event.clientX - box.left - PAD) / (box.width - 2 * PAD);
    const row = Math.floor(Math.max(0, Math.min(0.999999, share)) * this.app.total);
    if (row !== this.app.chosen) this.app.choose(row);
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => { this.scheduled = false; this.draw(); });
  }

  draw() {
    const ratio = devicePixelRatio || 1;
    const width = this.root.clientWidth;
    const height = this.root.clientHeight;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!this.data || !this.app.total) return;
    const styles = getComputedStyle(document.documentElement);
    const paint = { pen, width: width - 2 * PAD, height, ink: (name) => styles.getPropertyValue(`--${name}`).trim() };
    pen.translate(PAD, 0);
    this.drawDepth(paint);
    this.drawProbability(paint);
    this.drawStates(paint);
    this.drawMark(paint);
    this.point();
  }

  /** Move the handle; the picture under it stays. */
  point() {
    const width = this.root.clientWidth - 2 * PAD;
    const at = this.app.total ? PAD + ((this.app.chosen + 0.5) / this.app.total) * width : 0;
    this.handle.style.transform = `translateX(${at}px)`;
  }

  x(bucket, width) {
    return (bucket / this.data.depth.length) * width;
  }

  drawDepth({ pen, width, height, ink }) {
    const { depth } = this.data;
    const deepest = Math.max(1, ...depth);
    const most = (height - LANE) * 0.62;
    pen.fillStyle = ink("depth");
    pen.beginPath();
    pen.moveTo(0, height);
    depth.forEach((deep, bucket) => {
      const top = height - 4 - (deep / deepest) * (most - 4);
      pen.lineTo(this.x(bucket, width), top);
      pen.lineTo(this.x(bucket + 1, width), top);
    });
    pen.lineTo(width, height);
    pen.fill();
  }

  drawProbability({ pen, width, height, ink }) {
    const { probability } = this.data;
    const y = (share) => LANE + (1 - share) * (height - LANE - 8);
    const threshold = this.app.run.threshold;
    if (threshold !== null && probability.some((one) => one !== null)) {
      pen.strokeStyle = ink("faint");
      pen.globalAlpha = 0.5;
      pen.setLineDash([3, 4]);
      line(pen, 0, y(threshold), width, y(threshold));
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    }
    pen.strokeStyle = ink("accent");
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    pen.beginPath();
    let drawing = false;
    probability.forEach((share, bucket) => {
      if (share === null) { drawing = false; return; }
      if (drawing) pen.lineTo(this.x(bucket, width), y(share));
      else pen.moveTo(this.x(bucket, width), y(share));
      pen.lineTo(this.x(bucket + 1, width), y(share));
      drawing = true;
    });
    pen.stroke();
    pen.lineWidth = 1;
  }

  /** Differences are strokes in the upper lane, what was withheld are dots: shape first, colour second. */
  drawStates({ pen, width, ink }) {
    this.data.state.forEach((state, bucket) => {
      const at = (this.x(bucket, width) + this.x(bucket + 1, width)) / 2;
      if (state === "differs") {
        pen.fillStyle = ink("differs");
        pen.fillRect(at - 0.75, 3, 1.5, LANE - 6);
      } else if (state === "withheld") {
        pen.fillStyle = ink("withheld");
        pen.globalAlpha = 0.6;
        pen.fillRect(at - 0.75, LANE / 2 - 0.75, 1.5, 1.5);
        pen.globalAlpha = 1;
      }
    });
  }

  drawMark({ pen, width, ink }) {
    if (this.app.first < 0) return;
    const at = ((this.app.first + 0.5) / this.app.total) * width;
    pen.fillStyle = ink("mark");
    pen.beginPath();
    pen.moveTo(at, 2);
    pen.lineTo(at + 5, 8);
    pen.lineTo(at, 14);
    pen.lineTo(at - 5, 8);
    pen.fill();
  }
}

function line(pen, fromX, fromY, toX, toY) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}
