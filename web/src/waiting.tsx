import { type Run, post } from "./api";

/** How far a calculation in the queue is. */
export function Waiting({ run }: { run: Run | undefined }) {
  if (!run || run.state === "done") return null;
  if (run.state === "failed" || run.state === "cancelled") return <p role="status">{run.title}: {run.state}. {run.message}</p>;
  return (
    <p role="status" className="bar">{run.title}: {run.state === "waiting" ? "waits for its turn" : `running ${run.message}`}
      <progress max={run.total || 1} value={run.done} aria-label={`${run.title}, done`} />
      <button type="button" className="quiet" onClick={() => void post(`/api/runs/${run.id}/cancel`, {})}>Stop</button></p>
  );
}
