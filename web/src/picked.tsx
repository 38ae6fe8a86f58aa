// The study on the bench, for pages that look at one of its arms.
import { useMemo } from "react";
import { useKept } from "./hooks";
import { stored } from "./state";
import { type Arm, type Study, data } from "./study";

/** The arm of the bench, or another that was picked here while the bench stood at that arm. */
export function usePicked(page: string, fits: (arm: Arm) => boolean): { text: string; study: Study | null; arms: Arm[]; arm: string; pick: (arm: string) => void } {
  const bench = useMemo(stored, []);
  const study = useMemo(() => data(bench.text), [bench]);
  const arms = (study?.arms ?? []).filter((a) => a && fits(a));
  const [kept, keep] = useKept<string>(`arm.${page}`, "");
  const [from, picked] = kept.split("\n");
  const arm = [from === bench.arm ? picked : "", bench.arm].find((id) => arms.some((a) => a.id === id)) ?? arms[0]?.id ?? "";
  return { text: bench.text, study, arms, arm, pick: (id) => keep(`${bench.arm}\n${id}`) };
}

/** Arms that are given something other than a vehicle. */
export const treated = (arm: Arm): boolean => (arm.give ?? []).some((g) => String(g?.what ?? "").toLowerCase() !== "vehicle");
/** Arms whose dose is counted in cells. */
export const celled = (arm: Arm): boolean => (arm.give ?? []).some((g) => /cells\s*$/.test(String(g?.dose ?? "")));
