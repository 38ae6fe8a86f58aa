// The canal's wall unrolled, with single cells as points moved in the shader between key frames.
//
//   mountCanal(element, data, { table: true }) -> { show(frame), play(), pause(), remove() }
//
// `data` is what thecal.report.canal_viewer.frames gives. No library; raw WebGL, or a plain canvas where there is none.

const HIDDEN = -32768, FRAMES_PER_SECOND = 30, SECONDS_PER_KEY = 0.45, SECONDS_PER_STILL = 1;
const MARKS = [1 / 144, 1, 3, 7, 14, 28, 56]; // days that the slider names
const SVG = "http://www.w3.org/2000/svg";
const HELD = "captured"; // drawn last and larger, since these are what one looks for

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const days = (d) => (d < 1 / 24 ? `${Math.round(d * 1440)} min` : d < 1 ? `${Math.round(d * 24)} h`
  : `day ${d < 10 ? d.toFixed(1).replace(".0", "") : d.toFixed(0)}`);
const cells = (n) => n >= 1e6 ? `${(n / 1e6).toPrecision(3)} million` : Math.round(n).toLocaleString("en");
const nearest = (list, value) => list.reduce((best, d, k) => (Math.abs(d - value) < Math.abs(list[best] - value)
  ? k : best), 0);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") element.style.cssText = value; // a strict content-security policy refuses the attribute
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function drawn(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function mountCanal(root, data, options = {}) {
  const frames = data.days.length, last = frames - 1;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const scene = { n: data.cells, x: new Int16Array(bytes(data.x).buffer), y: new Int16Array(bytes(data.y).buffer),
    state: bytes(data.state), seen: Math.min(1, 1.6 * data.lumbar_mm / data.length_mm),
    flip: data.sides === "left" ? 1 : -1, held: data.states.findIndex((s) => s.name === HELD),
    colours: data.states.map((s) => s.colour), shown: data.states.map((s) => s.colour !== "") };

  const canvas = make("canvas", { role: "img" });
  const stage = make("div", { class: "canal-stage" }, canvas, wallLabels(data, scene));
  const button = make("button", { type: "button", class: "canal-play" }, "Play");
  const readout = make("output", { "aria-live": "polite" });
  const slider = make("input", { type: "range", min: 0, max: last, step: "any", value: 0, "aria-label": "Time since injection" });
  const { list, marks } = timeMarks(data, (k) => go(k));
  const legend = stateLegend(data, scene, () => show(at));
  const parts = [make("p", { class: "canal-title" }, data.title), stage,
    make("div", { class: "canal-controls" }, button, readout, make("div", { class: "canal-time" }, slider, list)), legend,
    make("p", { class: "canal-note" }, `Each point stands for ${data.cells_per_point < 1.5 ? "one cell"
      : `about ${cells(data.cells_per_point)} cells`}; numbers beside the colours are cells. Press a state to hide it. `
      + "Simulated; computer model, not medical advice.")];
  root.classList.add("canal");
  root.replaceChildren(...parts, ...(options.table === false ? [] : [countTable(data)]));

  const draw = painter(canvas, scene);
  let at = 0, playing = 0, before = 0, touched = false;

  function show(frame) {
    at = Math.max(0, Math.min(last, frame));
    const k = Math.min(Math.floor(at), Math.max(last - 1, 0)), t = at - k;
    draw(k, t);
    const day = data.days[k] + t * ((data.days[k + 1] ?? data.days[k]) - data.days[k]);
    const total = data.totals[Math.round(at)];
    slider.value = at;
    slider.setAttribute("aria-valuetext", days(day));
    readout.textContent = at === 0 ? "injection" : days(day);
    const words = data.states.map((s, i) => `${cells(total[i])} ${s.label}`).join(", ");
    canvas.setAttribute("aria-label", `Cells on the wall of the spinal canal, ${days(day)}: ${words}.`);
    for (const one of legend.querySelectorAll("b")) one.textContent = cells(total[one.dataset.state]);
    for (const [k, mark] of marks) mark.toggleAttribute("aria-current", Math.round(at) === k);
    root.dataset.frame = at.toFixed(2);
  }
  function step(now) {
    if (!playing) return;
    const gone = now - before;
    if (calm ? gone >= 1000 * SECONDS_PER_STILL : gone >= 1000 / FRAMES_PER_SECOND) {
      before = now; // without motion: one still frame after the other
      show(calm ? Math.floor(at) + 1 : at + Math.min(gone, 100) / 1000 / SECONDS_PER_KEY);
      if (at >= last) return pause();
    }
    playing = requestAnimationFrame(step);
  }
  function play() {
    if (!touched || at >= last) show(0);
    touched = true;
    before = performance.now();
    playing = requestAnimationFrame(step);
    button.textContent = "Pause";
  }
  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    button.textContent = "Play";
  }
  function go(frame) {
    touched = true;
    pause();
    show(frame);
  }
  function key(event) {
    const marked = marks.map(([k]) => k);
    const next = { ArrowRight: Math.floor(at + 1e-6) + 1, ArrowUp: Math.floor(at + 1e-6) + 1,
      ArrowLeft: Math.ceil(at - 1e-6) - 1, ArrowDown: Math.ceil(at - 1e-6) - 1, Home: 0, End: last,
      PageUp: marked.find((k) => k > at) ?? last, PageDown: marked.findLast((k) => k < at) ?? 0 }[event.key];
    if (next !== undefined) go(next);
    else if (event.key === " ") playing ? pause() : play();
    else return;
    event.preventDefault();
  }
  button.addEventListener("click", () => (playing ? pause() : play()));
  slider.addEventListener("input", () => go(Number(slider.value)));
  slider.addEventListener("keydown", key);
  const away = () => document.hidden && pause();
  document.addEventListener("visibilitychange", away);
  const resized = new ResizeObserver(() => show(at));
  resized.observe(stage);
  show(data.still); // nothing moves before somebody asks for it
  const remove = () => { pause(); resized.disconnect(); document.removeEventListener("visibilitychange", away);
    root.replaceChildren(); };
  return { show, play, pause, remove };
}

function wallLabels(data, { seen, flip }) {
  const shapes = drawn("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const box = make("div", { class: "canal-labels", "aria-hidden": "true" }, shapes);
  const place = (text, left, top, kind) => box.append(make("span", { class: kind,
    style: `left:${left}%;top:${top}%` }, text));
  const along = (mm) => 100 * mm / data.length_mm / seen, middle = (side) => 50 - (side === "injured" ? 25 : -25) * flip;
  for (const s of data.sleeves) {
    shapes.append(drawn("ellipse", { cx: along(s.x_mm), cy: middle(s.side), rx: along(s.length_mm) / 2, ry: 50 * s.arc,
      "vector-effect": "non-scaling-stroke", class: s.side }));
    place(s.level, along(s.x_mm), middle(s.side), "canal-level");
  }
  const other = data.sides === "left" ? "right" : "left";
  place(`${data.sides} (injured)`, 100, middle("injured"), "canal-side");
  place(`${other} (other)`, 100, middle("other"), "canal-side");
  for (const [name, top] of [["ventral", 4], ["dorsal", 50], ["ventral", 96]]) place(name, 100, top, "canal-side");
  for (const slug of data.slugs) {
    const left = along(slug.low_mm), width = Math.min(100, along(slug.high_mm)) - left;
    if (left < 100) box.append(make("i", { class: "canal-slug", style: `left:${left}%;width:${width}%` }));
  }
  const [low] = data.slugs.map((slug) => along(slug.low_mm)).sort((a, b) => a - b);
  if (low < 90) place("injected", low, 100, "canal-injected");
  const length = seen * data.length_mm, tens = 10 ** Math.floor(Math.log10(length / 3));
  const pitch = [1, 2, 5, 10].map((k) => k * tens).find((k) => length / k <= 4.5);
  for (let mm = 0; mm < 0.97 * length; mm += pitch) place(mm ? `${mm}` : "0 mm", along(mm), 100,
    mm ? "canal-mm" : "canal-mm canal-first");
  place("head →", 100, 100, "canal-mm canal-head");
  place("sacral end", 0, 50, "");
  return box;
}

function timeMarks(data, jump) {
  const list = make("div", { class: "canal-marks" }), last = data.days.length - 1, marks = [];
  for (const day of MARKS.filter((d) => d <= data.days[last] + 1e-6)) {
    const k = nearest(data.days, day);
    const mark = make("button", { type: "button", style: `--at:${k / last}`, title: `Go to ${days(day)}` },
      day < 1 ? days(day) : `${day} d`);
    mark.addEventListener("click", () => jump(k));
    marks.push([k, mark]);
    list.append(mark);
  }
  return { list, marks };
}

function stateLegend(data, scene, changed) {
  const list = make("ul", { class: "canal-legend" });
  data.states.forEach((s, k) => {
    const count = make("b", { "data-state": k });
    if (!s.colour) return list.append(make("li", {}, make("span", {}, `${s.label} `, count)));
    const toggle = make("button", { type: "button", "aria-pressed": "true" },
      make("i", { style: `background:${s.colour}` }), `${s.label} `, count);
    toggle.addEventListener("click", () => {
      scene.shown[k] = !scene.shown[k];
      toggle.setAttribute("aria-pressed", scene.shown[k]);
      changed();
    });
    list.append(make("li", {}, toggle));
  });
  return list;
}

function countTable(data) {
  const all = [...new Set(data.drg.map((r) => r.day))], keys = [...new Set(data.drg.map((r) => `${r.level} ${r.side}`))];
  const head = make("tr", {}, make("th", { scope: "col" }, "ganglion"), ...all.map((d) => make("th", { scope: "col" },
    `day ${d}`)));
  const rows = keys.map((key) => make("tr", {}, make("th", { scope: "row" }, key), ...all.map((d) => {
    const r = data.drg.find((one) => `${one.level} ${one.side}` === key && one.day === d);
    return make("td", {}, `${cells(r.cells)} (${cells(r.low)} to ${cells(r.high)})`);
  })));
  const caption = make("caption", {}, `Living cells at each ganglion, with intervals (${data.interval})`);
  return make("details", {}, make("summary", {}, "Counts as a table"), make("div", { class: "canal-scroll", tabindex: 0,
    role: "region", "aria-label": "Counts as a table" }, make("table", {}, caption, make("thead", {}, head),
    make("tbody", {}, ...rows))));
}

function fit(canvas) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  return ratio;
}

function painter(canvas, scene) {
  const gl = canvas.getContext("webgl", { premultipliedAlpha: true, antialias: true, preserveDrawingBuffer: true });
  canvas.dataset.painter = gl ? "webgl" : "canvas";
  return gl ? withShader(gl, canvas, scene) : withCanvas(canvas.getContext("2d"), canvas, scene);
}

const vertex = (states, held) => `
attribute vec2 from, to; attribute float before, after;
uniform float t, size, seen, flip, pass; varying vec3 colour;
uniform vec4 palette[${states}]; // a: whether the state is shown
void main() {
  float state = t < 0.5 ? before : after;
  float turn = to.y - from.y; turn -= floor(turn + 0.5);
  float gone = step(from.x, -0.5) + step(to.x, -0.5);
  vec2 at = vec2(mix(from.x, to.x, t), from.y + turn * t);
  if (from.x < -0.5) at = to; if (to.x < -0.5) at = from;
  float y = fract(at.y + 0.5) - 0.5;
  vec4 look = vec4(0.0);
  for (int k = 0; k < ${states}; k++) if (abs(state - float(k)) < 0.5) look = palette[k];
  bool held = abs(state - ${held}.0) < 0.5;
  bool out_of_sight = gone > 1.5 || look.a < 0.5 || held != (pass > 0.5);
  gl_Position = out_of_sight ? vec4(9.0, 9.0, 0.0, 1.0) : vec4(at.x / seen * 2.0 - 1.0, 2.0 * y * flip, 0.0, 1.0);
  gl_PointSize = held ? size * 1.35 : size;
  colour = look.rgb;
}`;
const FRAGMENT = `
precision mediump float; varying vec3 colour;
void main() {
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  gl_FragColor = vec4(colour, 1.0);
}`;

function programOf(gl, states, held) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex(states, held)], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  return program;
}

function withShader(gl, canvas, { x, y, state, n, seen, flip, held, colours, shown }) {
  const program = programOf(gl, colours.length, held), buffers = {};
  const uniform = (name) => gl.getUniformLocation(program, name);
  const rgb = colours.map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2) || "00", 16) / 255));
  gl.uniform1f(uniform("seen"), seen);
  gl.uniform1f(uniform("flip"), flip);
  function feed(name, values, width, type, normal) {
    buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(program, name);
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
    gl.uniform4fv(uniform("palette"), rgb.flatMap((c, i) => [...c, shown[i] ? 1 : 0]));
    gl.uniform1f(uniform("t"), t);
    gl.uniform1f(uniform("size"), 2.6 * ratio);
    for (const pass of [0, 1]) { gl.uniform1f(uniform("pass"), pass); gl.drawArrays(gl.POINTS, 0, n); }
  };
}

function withCanvas(pen, canvas, { x, y, state, n, seen, flip, held, colours, shown }) {
  return (k, t) => {
    const ratio = fit(canvas), key = t < 0.5 ? k : Math.min(k + 1, x.length / n - 1);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (const last of [false, true]) {
      for (let i = 0; i < n; i++) {
        const s = state[key * n + i];
        if (!shown[s] || (s === held) !== last || x[key * n + i] === HIDDEN) continue;
        const turn = (y[key * n + i] / 32767 + 0.5) % 1 - 0.5, wide = (last ? 2.7 : 2) * ratio;
        pen.fillStyle = colours[s];
        pen.fillRect(x[key * n + i] / 32767 / seen * canvas.width, canvas.height * (0.5 - turn * flip), wide, wide);
      }
    }
  };
}
