// The study on the bench, for pages that look at one of its arms.
import { useMemo, useState } from "react";
import { stored } from "./state";
import { type Arm, type Study, data } from "./study";

export function usePicked(fits: (arm: Arm) => boolean): { text: string; study: Study | null; arms: Arm[]; arm: string; pick: (arm: string) => void } {
  const bench = useMemo(stored, []);
  const study = useMemo(() => data(bench.text), [bench]);
  const arms = (study?.arms ?? []).filter((a) => a && fits(a));
  const [arm, pick] = useState(() => (arms.some((a) => a.id === bench.arm) ? bench.arm : arms[0]?.id ?? ""));
  return { text: bench.text, study, arms, arm, pick };
}

/** Arms that are given something other than a vehicle. */
export const treated = (arm: Arm): boolean => (arm.give ?? []).some((g) => String(g?.what ?? "").toLowerCase() !== "vehicle");
/** Arms whose dose is counted in cells. */
export const celled = (arm: Arm): boolean => (arm.give ?? []).some((g) => /cells\s*$/.test(String(g?.dose ?? "")));
