// The canal's wall unrolled, with single cells as points moved in the shader between key frames.
//
//   mountCanal(element, data) -> { show(frame), play(), pause(), remove() }
//
// `data` is what thecal.report.canal_viewer.frames gives. No library; raw WebGL, or a plain canvas where there is none.

const COLOURS = ["#56b4e9", "#e69f00", "#999999", "#0072b2", "#d55e00", "#bbbbbb"]; // Okabe and Ito
const HIDDEN = -32768, FRAMES_PER_SECOND = 30, SECONDS_PER_KEY = 0.45;

const VERTEX = `
attribute vec2 from, to; attribute float before, after; attribute vec2 shift;
uniform float t, size, seen, flip, pass; varying vec3 colour; varying float shade;
uniform vec3 palette[6];
void main() {
  float state = t < 0.5 ? before : after;
  float turn = to.y - from.y; turn -= floor(turn + 0.5);
  float gone = step(from.x, -0.5) + step(to.x, -0.5);
  vec2 at = vec2(mix(from.x, to.x, t), from.y + turn * t);
  if (from.x < -0.5) at = to; if (to.x < -0.5) at = from;
  float y = fract(at.y + 0.5) - 0.5;
  bool held = abs(state - 4.0) < 0.5;
  bool out_of_sight = gone > 1.5 || state > 4.5 || abs(state - 2.0) < 0.5 || held != (pass > 0.5);
  gl_Position = out_of_sight ? vec4(9.0, 9.0, 0.0, 1.0) : vec4(at.x / seen * 2.0 - 1.0, 2.0 * y * flip, 0.0, 1.0);
  gl_PointSize = held ? size * 1.35 : size;
  colour = palette[0];
  for (int k = 1; k < 6; k++) if (abs(state - float(k)) < 0.5) colour = palette[k];
  shade = held ? 1.0 : 0.9;
}`;
const FRAGMENT = `
precision mediump float; varying vec3 colour; varying float shade;
void main() {
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  gl_FragColor = vec4(colour * shade, shade);
}`;

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const days = (d) => (d < 1 / 24 ? `${Math.round(d * 1440)} min` : d < 1 ? `${(d * 24).toFixed(1)} h`
  : `day ${d < 10 ? d.toFixed(1) : d.toFixed(0)}`);
const cells = (n) => n >= 1e6 ? `${(n / 1e6).toPrecision(3)} million` : Math.round(n).toLocaleString("en");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") element.style.cssText = value; // a strict content-security policy refuses the attribute
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function mountCanal(root, data) {
  const n = data.cells, frames = data.days.length;
  const x = new Int16Array(bytes(data.x).buffer), y = new Int16Array(bytes(data.y).buffer);
  const state = bytes(data.state);
  const seen = Math.min(1, 1.6 * data.lumbar_mm / data.length_mm), flip = data.sides === "left" ? 1 : -1;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const canvas = make("canvas", { role: "img" });
  const stage = make("div", { class: "canal-stage" }, canvas, labels(data, seen, flip));
  const slider = make("input", { type: "range", min: 0, max: frames - 1, step: 0.01, value: 0 });
  const label = make("label", { class: "canal-time" }, "Time since injection ", slider);
  const button = make("button", { type: "button" }, "Play");
  const readout = make("output", { "aria-live": "polite" });
  root.classList.add("canal");
  root.replaceChildren(make("p", { class: "canal-title" }, data.title), stage,
    make("div", { class: "canal-controls" }, button, label, readout), legend(data),
    make("p", { class: "canal-note" }, `Each point stands for ${data.cells_per_point < 1.5 ? "one cell"
      : `about ${cells(data.cells_per_point)} cells`}. Simulated; computer model, not medical advice.`), table(data));

  const draw = painter(canvas, data, { x, y, state, n, seen, flip });
  let at = 0, playing = 0, last = 0;

  function show(frame) {
    at = Math.max(0, Math.min(frames - 1, frame));
    const k = Math.min(Math.floor(at), Math.max(frames - 2, 0)), t = at - k;
    draw(k, t);
    slider.value = at;
    const day = data.days[k] + t * ((data.days[k + 1] ?? data.days[k]) - data.days[k]);
    const total = data.totals[Math.round(at)];
    const words = data.states.map((name, i) => `${cells(total[i])} ${name}`).join(", ");
    readout.textContent = days(day);
    slider.setAttribute("aria-valuetext", days(day));
    canvas.setAttribute("aria-label", `Cells on the wall of the spinal canal, ${days(day)}: ${words}.`);
    counts(root, total);
    root.dataset.frame = at.toFixed(2);
  }
  function step(now) {
    if (!playing) return;
    if (now - last >= 1000 / FRAMES_PER_SECOND) {
      const gone = Math.min(now - last, 100);
      last = now;
      show(at + gone / 1000 / SECONDS_PER_KEY);
      if (at >= frames - 1) return pause();
    }
    playing = requestAnimationFrame(step);
  }
  function play() {
    if (at >= frames - 1) at = 0;
    last = performance.now();
    playing = requestAnimationFrame(step);
    button.textContent = "Pause";
  }
  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    button.textContent = "Play";
  }
  button.addEventListener("click", () => (playing ? pause() : play()));
  slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });
  const away = () => document.hidden && pause();
  document.addEventListener("visibilitychange", away);
  const resized = new ResizeObserver(() => show(at));
  resized.observe(stage);
  show(calm ? nearest(data.days, data.ratio_day) : 0); // a still frame where motion is not wanted
  const remove = () => { pause(); resized.disconnect(); document.removeEventListener("visibilitychange", away);
    root.replaceChildren(); };
  return { show, play, pause, remove };
}

const nearest = (list, value) => list.reduce((best, d, k) => (Math.abs(d - value) < Math.abs(list[best] - value)
  ? k : best), 0);

function labels(data, seen, flip) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const box = make("div", { class: "canal-labels", "aria-hidden": "true" }, svg);
  const centre = { injured: 0.25, other: -0.25 };
  const place = (text, left, top, kind) => box.append(make("span", { class: kind,
    style: `left:${left}%;top:${top}%` }, text));
  for (const s of data.sleeves) {
    const cx = 100 * s.x_mm / data.length_mm / seen, cy = 50 - 100 * centre[s.side] * flip;
    const ring = document.createElementNS(svg.namespaceURI, "ellipse");
    const shape = { cx, cy, rx: 50 * s.length_mm / data.length_mm / seen, ry: 50 * s.arc, "vector-effect":
      "non-scaling-stroke" };
    for (const [key, value] of Object.entries(shape)) ring.setAttribute(key, value);
    if (s.side === "injured") ring.setAttribute("class", "injured");
    svg.append(ring);
    place(s.level, cx, cy, "canal-level");
  }
  const other = data.sides === "left" ? "right" : "left";
  const top = flip > 0 ? `${data.sides} (injured)` : `${other}`, bottom = flip > 0 ? `${other}` : `${data.sides} (injured)`;
  place(top, 0.5, 4, "canal-side");
  place("dorsal", 0.5, 50, "canal-side");
  place(bottom, 0.5, 96, "canal-side");
  for (const share of [0, 0.25, 0.5, 0.75, 1]) place(`${Math.round(share * seen * data.length_mm)} mm`, 100 * share, 100,
    share === 1 ? "canal-mm canal-last" : "canal-mm");
  return box;
}

function legend(data) {
  const list = make("ul", { class: "canal-legend" });
  data.states.forEach((name, k) => list.append(make("li", {}, make("i", { style: `background:${COLOURS[k]}` }), `${name} `,
    make("b", { "data-state": k }))));
  return list;
}

function counts(root, total) {
  for (const element of root.querySelectorAll("b[data-state]")) element.textContent = cells(total[element.dataset.state]);
}

function table(data) {
  const all = [...new Set(data.drg.map((r) => r.day))], keys = [...new Set(data.drg.map((r) => `${r.level} ${r.side}`))];
  const head = make("tr", {}, make("th", { scope: "col" }, "ganglion"), ...all.map((d) => make("th", { scope: "col" },
    `day ${d}`)));
  const rows = keys.map((key) => make("tr", {}, make("th", { scope: "row" }, key), ...all.map((d) => {
    const r = data.drg.find((one) => `${one.level} ${one.side}` === key && one.day === d);
    return make("td", {}, `${cells(r.cells)} (${cells(r.low)} to ${cells(r.high)})`);
  })));
  const caption = make("caption", {}, "Living cells at each ganglion, with intervals");
  return make("details", {}, make("summary", {}, "Counts as a table"), make("div", { class: "canal-scroll", tabindex: 0 },
    make("table", {}, caption, make("thead", {}, head), make("tbody", {}, ...rows))));
}

function fit(canvas) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  return ratio;
}

function painter(canvas, data, cloud) {
  const gl = canvas.getContext("webgl", { premultipliedAlpha: true, antialias: true, preserveDrawingBuffer: true });
  canvas.dataset.painter = gl ? "webgl" : "canvas";
  return gl ? withShader(gl, canvas, cloud) : withCanvas(canvas.getContext("2d"), canvas, cloud);
}

function withShader(gl, canvas, { x, y, state, n, seen, flip }) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const uniform = (name) => gl.getUniformLocation(program, name);
  const palette = COLOURS.flatMap((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16) / 255));
  gl.uniform3fv(uniform("palette"), palette);
  gl.uniform1f(uniform("seen"), seen);
  gl.uniform1f(uniform("flip"), flip);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const buffers = {};
  function feed(name, values, width, type, normal) {
    buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(program, name);
    if (place < 0) return;
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, width, type, normal, 0, 0);
  }
  const pairs = (k) => { const out = new Int16Array(2 * n); for (let i = 0; i < n; i++) { out[2 * i] = x[k * n + i];
    out[2 * i + 1] = y[k * n + i]; } return out; };
  let loaded = -1;
  return (k, t) => {
    const ratio = fit(canvas), next = Math.min(k + 1, x.length / n - 1);
    if (loaded !== k) { // the graphics card gets new data only when a key frame is passed
      feed("from", pairs(k), 2, gl.SHORT, true);
      feed("to", pairs(next), 2, gl.SHORT, true);
      feed("before", state.subarray(k * n, (k + 1) * n), 1, gl.UNSIGNED_BYTE, false);
      feed("after", state.subarray(next * n, (next + 1) * n), 1, gl.UNSIGNED_BYTE, false);
      loaded = k;
    }
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform1f(uniform("t"), t);
    gl.uniform1f(uniform("size"), 2.6 * ratio);
    for (const pass of [0, 1]) { gl.uniform1f(uniform("pass"), pass); gl.drawArrays(gl.POINTS, 0, n); }
  };
}

function withCanvas(pen, canvas, { x, y, state, n, seen, flip }) {
  return (k, t) => {
    const ratio = fit(canvas), next = Math.min(k + 1, x.length / n - 1), key = t < 0.5 ? k : next;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (const held of [false, true]) {
      for (let i = 0; i < n; i++) {
        const s = state[key * n + i];
        if (s > 4 || s === 2 || (s === 4) !== held || x[key * n + i] === HIDDEN) continue;
        const turn = (y[key * n + i] / 32767 + 0.5) % 1 - 0.5;
        pen.fillStyle = COLOURS[s];
        pen.fillRect(x[key * n + i] / 32767 / seen * canvas.width, canvas.height * (0.5 - turn * flip), 2 * ratio, 2 * ratio);
      }
    }
  };
}
