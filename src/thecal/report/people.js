// Sliders of the reader's weights. Draws come from the page; nothing is fetched and nothing is kept.
(() => {
  const all = JSON.parse(document.getElementById("draws").textContent);
  const weightOf = (v) => (v === 0 ? 0 : 0.01 * Math.pow(1000, (v - 1) / 99));
  const shown = (w) => (w === 0 ? "0" : w < 0.1 ? w.toFixed(2) : w < 3 ? w.toFixed(1) : w.toFixed(0));
  const median = (x) => [...x].sort((a, b) => a - b)[Math.floor(x.length / 2)];
  const mark = (name, at, parent, text) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const k in at) e.setAttribute(k, at[k]);
    if (text !== undefined) e.textContent = text;
    parent.appendChild(e);
  };
  for (const box of document.querySelectorAll(".weigh")) {
    const data = all[box.dataset.indication], svg = box.querySelector("svg"), says = box.querySelector(".says");
    const update = () => {
      const n = Object.values(data.harm)[0].length, harm = new Array(n).fill(0);
      let sham = null, serious = 10;
      for (const input of box.querySelectorAll("input")) {
        const out = input.parentNode.querySelector("output"), v = Number(input.value);
        if (input.dataset.harm) {
          const w = weightOf(v);
          out.textContent = "× " + shown(w);
          data.harm[input.dataset.harm].forEach((x, i) => { harm[i] += w * x; });
        } else if (input.dataset.sham === "unknown") { out.textContent = "unknown";
        } else if (input.dataset.sham) { sham = v; out.textContent = v + " of 100"; }
        else { serious = v; out.textContent = "× " + v; }
      }
      const benefit = !data.response ? null : sham === null ? data.unsure : data.response.map((x) => x - sham);
      draw(svg, benefit, harm);
      const h = median(harm);
      if (!benefit) {
        says.textContent = `No basis for a benefit. Of 100 people at least ${h.toFixed(0)} more would have to be relieved than after a dummy injection, only to make up for the harms that were counted at your weights.`;
      } else if (sham === null) {
        const undone = median(data.response) - h;
        says.textContent = "Whether benefit is ahead cannot be said: nobody knows what a dummy injection does. " + (undone > 0
          ? `At your weights benefit is undone if it would do the same for ${undone.toFixed(0)} of 100 or more. Move its slider to see.`
          : "At your weights the counted harms outweigh the relief even if it does nothing.");
      } else {
        const ahead = benefit.filter((b, i) => b > harm[i]).length, net = median(benefit.map((b, i) => b - harm[i]));
        says.textContent = `At your weights benefit is ahead in ${Math.round(100 * ahead / n)} of 100 draws. ` + (net > 0
          ? `It would be lost again if lasting serious harm struck more than ${(net / serious).toFixed(1)} of 100 people; how often it does is unknown.`
          : "In the usual draw harm is ahead already, before any harm of unknown rate.");
      }
    };
    box.hidden = false;
    box.addEventListener("input", (event) => {
      if (event.target.dataset.sham) event.target.dataset.sham = "said";
      update();
    });
    update();
  }
  function draw(svg, benefit, harm) {
    svg.replaceChildren();
    const top = Math.max(20, ...harm) * 1.1, x = (v) => 45 + (v + 20) * 2.25, y = (v) => 212 - v / top * 195;
    mark("line", { x1: x(-20), x2: x(100), y1: 212, y2: 212, stroke: "currentColor" }, svg);
    mark("line", { x1: 45, x2: 45, y1: 12, y2: 212, stroke: "currentColor" }, svg);
    const end = Math.min(100, top);
    mark("line", { x1: x(0), y1: y(0), x2: x(end), y2: y(end), stroke: "currentColor", "stroke-dasharray": "4 3" }, svg);
    for (const t of [0, 25, 50, 75, 100]) mark("text", { x: x(t), y: 225, "text-anchor": "middle" }, svg, t);
    for (const t of [0, top / 2, top]) mark("text", { x: 40, y: y(t) + 3, "text-anchor": "end" }, svg, t.toFixed(0));
    mark("text", { x: 180, y: 243, "text-anchor": "middle" }, svg, "people relieved beyond a dummy injection, of 100");
    mark("text", { x: 12, y: 112, "text-anchor": "middle", transform: "rotate(-90 12 112)" }, svg, "weighted harm, of 100");
    mark("text", { x: x(100), y: y(0) - 6, "text-anchor": "end" }, svg, "below the dashed line: benefit ahead");
    if (!benefit) {
      mark("text", { x: 190, y: 40, "text-anchor": "middle", "font-weight": "bold" }, svg, "benefit: no basis");
      harm.forEach((v) => mark("line", { x1: x(-20), x2: x(-17), y1: y(v), y2: y(v), stroke: "#d55e00", "stroke-opacity": 0.5 }, svg));
      return;
    }
    benefit.forEach((b, i) => mark("circle", { cx: x(Math.max(-20, b)), cy: y(harm[i]), r: 2.6, class: b > harm[i] ? "good" : "poor" }, svg));
  }
})();
