import type { Trace } from "#harness/conformance/suite/record/trace/schema.ts";
import { type Html, html } from "#reports/page/html.ts";

/** What is known of the clock of each host, by which its log lines and packets were put onto the clock of the run. */
export function renderClocks({ hosts }: Pick<Trace, "hosts">): Html {
  const items = hosts.map(({ name, clock }) => html`<li>${name}: ${describeClock(clock)}</li>`);
  return html`<p class="small">All times are on the clock of the run, from when the test began. Lines of logs and packets have that of their host:</p>
<ul class="small">${items}</ul>`;
}

function describeClock(clock: Trace["hosts"][number]["clock"]): string {
  if (!clock) return "its clock was not told; its times are as they are";
  const { aheadMs, withinMs } = clock;
  const exact = `±${formatMs(withinMs)}`;
  if (Math.abs(aheadMs) <= withinMs) return `no difference to the clock of the run was measured (${exact})`;
  const way = aheadMs > 0 ? "ahead" : "behind";
  return `${formatMs(Math.abs(aheadMs))} ${way} (${exact}), which is taken off`;
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
