import { type Html, html, lines } from "#reports/page/html.ts";
import { details } from "#reports/page/parts.ts";
import { type Lane, testLane } from "#reports/trace/events.ts";
import { formatMoment, type Numbered } from "./strips.ts";

/** How many of the last things that failed are unfolded at first. */
const unfolded = 4;

/** One box for each lane, without a script: what is not checked is not shown. */
export function renderChoice(lanes: readonly Lane[]): Html {
  const boxes = lanes.map(
    ({ title }, index) => html`<label><input type="checkbox" id="lane-${index}" checked> ${title}</label>`,
  );
  return html`<fieldset class="choice"><legend class="small quiet">Shown below</legend>${boxes}</fieldset>`;
}

/** The style by which the boxes work, and that puts each dot into its lane. */
export function choiceStyle(lanes: readonly Lane[]): string {
  return lanes
    .map(
      (_, index) =>
        `body:has(#lane-${index}:not(:checked)) .in-${index} { display: none; }\n.in-${index} { --lane: ${index}; }`,
    )
    .join("\n");
}

/** Every event as a line, in the order of time; what it said is folded away. */
export function renderChronicle(lanes: readonly Lane[], events: readonly Numbered[], from: number): Html {
  const open = new Set(
    events
      .filter(({ tone, body, lane }) => tone === "bad" && body !== undefined && lane !== testLane)
      .slice(-unfolded),
  );
  const rows = events.map((event) => {
    const { at, durationMs, lane, where, title, body, tone = "plain", number } = event;
    const index = lanes.findIndex(({ id }) => id === lane);
    const place = index < 0 ? "moment" : `in-${index}`;
    const took = durationMs !== undefined && ` (${Math.round(durationMs)} ms)`;
    const of = lanes[index]?.title ?? "the test";
    const head = html`<span class="of small">${of}${where && `, ${where}`}</span> `;
    const text =
      body === undefined
        ? html`<span class="what">${title}${took}</span>`
        : details(
            { summary: `${title}${took || ""}`, open: open.has(event) },
            html`<pre class="wrap">${body}</pre>`,
          );
    return html`<li id="e${number}" class="${place} tone-${tone}"><span class="at quiet small">${formatMoment(at, from)}</span><span class="track" aria-hidden="true"></span><div>${head}${text}</div></li>`;
  });
  return html`<ol class="chronicle" style="--lanes: ${lanes.length}">${lines(rows)}</ol>`;
}
