import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The built pages go into the package, so that a user needs no Node. Names hold a hash of the content.
export default defineConfig({
  plugins: [react()],
  build: { outDir: "../src/thecal/apps/web/static", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0,
           modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://localhost:8315", "/plain": "http://localhost:8315" } },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
});
