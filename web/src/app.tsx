import { Component, type MouseEvent, type ReactNode, Suspense, lazy, useEffect, useState } from "react";
import { BenchPage } from "./bench";
import { useGet } from "./hooks";
import { Loading } from "./parts";

const DataPage = lazy(() => import("./data"));
const EvidencePage = lazy(() => import("./evidence"));
const PeoplePage = lazy(() => import("./people"));
const NumbersPage = lazy(() => import("./origins"));
const CellsPage = lazy(() => import("./cells"));

const PAGES: { id: string; name: string; page?: () => ReactNode }[] = [
  { id: "bench", name: "Bench", page: () => <BenchPage /> },
  { id: "cells", name: "Cells", page: () => <CellsPage /> },
  { id: "data", name: "Data", page: () => <DataPage /> },
  { id: "evidence", name: "Evidence", page: () => <EvidencePage /> },
  { id: "people", name: "People", page: () => <PeoplePage /> },
  { id: "numbers", name: "Where numbers come from", page: () => <NumbersPage /> },
  { id: "plain", name: "In plain words" }, // a page of its own that needs no script
];
const THEMES = ["auto", "light", "dark"] as const;

export function App() {
  const about = useGet<{ version: string; disclaimer: string; pages: string[] }>("/api/about").value;
  const [place, go] = useState(() => location.pathname.slice(1) || "bench");
  useEffect(() => {
    const back = () => go(location.pathname.slice(1) || "bench");
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const shown = PAGES.filter((p) => about?.pages.includes(p.id) ?? (p.id === "bench" || p.id === place));
  const page = shown.find((p) => p.id === place && p.page) ?? PAGES[0]!;
  useEffect(() => { document.title = `${page.name} – Thecal`; }, [page.name]);

  function follow(event: MouseEvent<HTMLAnchorElement>, id: string) {
    if (id === "plain" || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", `/${id}`);
    go(id);
    scrollTo(0, 0);
    document.getElementById("main")?.focus();
  }

  return (
    <>
      <a className="skip" href="#main">Skip to the page</a>
      <header><div className="top">
        <a className="brand" href="/bench" onClick={(e) => follow(e, "bench")}>Thecal</a>
        <nav aria-label="Pages">
          <ul>{shown.map((p) => (
            <li key={p.id}><a href={`/${p.id}`} aria-current={p.id === page.id ? "page" : undefined}
                              onClick={(e) => follow(e, p.id)}>{p.name}</a></li>))}</ul>
        </nav>
        <Theme />
      </div>
      <p className="notice">{about?.disclaimer ?? "Computer model, not medical advice."}</p></header>
      <main id="main" tabIndex={-1}>
        <Caught key={page.id}><Suspense fallback={<Loading what="Opening" />}>{page.page?.()}</Suspense></Caught>
      </main>
      <footer>Thecal {about?.version} – computer model, not medical advice. Nothing here leaves this machine.</footer>
    </>
  );
}

/** A fault of one page leaves the others, and what the reader has set, as they are. */
class Caught extends Component<{ children: ReactNode }, { fault: string }> {
  override state = { fault: "" };
  static getDerivedStateFromError(error: unknown) { return { fault: error instanceof Error ? error.message : String(error) }; }
  override render() {
    return this.state.fault ? (
      <div className="page" role="alert"><h1>This page cannot be shown</h1>
        <p>A fault of the program: {this.state.fault}. What you have set is kept.</p>
        <p><button type="button" className="main" onClick={() => location.reload()}>Load it again</button></p></div>) : this.props.children;
  }
}

function Theme() {
  const [theme, set] = useState(() => localStorage.getItem("thecal.theme") ?? "auto");
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem("thecal.theme", theme);
  }, [theme]);
  return (
    <label className="theme">Colours{" "}
      <select value={theme} onChange={(e) => set(e.target.value)}>
        {THEMES.map((t) => <option key={t}>{t}</option>)}
      </select>
    </label>
  );
}
