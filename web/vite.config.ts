import react from "@vitejs/plugin-react";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = fileURLToPath(new URL(".", import.meta.url));
const OUT = join(here, "../src/thecal/apps/web/static");
const VIEWER = join(here, "../src/thecal/report/canal_viewer");

/** Every file that the pages are built from, in order; a test compares the digest with the files as they are. */
function sources(): string[] {
  const inside = (folder: string): string[] => readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? inside(path) : [path];
  });
  return [...inside(join(here, "src")), ...inside(join(here, "public")), join(here, "index.html"), join(here, "package-lock.json"),
          join(here, "vite.config.ts"), join(VIEWER, "canal.js"), join(VIEWER, "canal.css")];
}

const stamp = {
  name: "stamp",
  closeBundle() {
    const lines = sources().map((path) => createHash("sha256").update(readFileSync(path)).digest("hex")).sort();
    writeFileSync(join(OUT, "built-from.txt"), createHash("sha256").update(lines.join("\n")).digest("hex") + "\n");
  },
};

// The built pages go into the package, so that a user needs no Node. Names hold a hash of the content.
export default defineConfig({
  plugins: [react(), stamp],
  // The canal viewer is one module: reports inline it, the Cells page mounts it.
  resolve: { alias: { "canal-viewer": VIEWER } },
  build: { outDir: OUT, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0,
           modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://localhost:8315", "/plain": "http://localhost:8315" } },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
});
