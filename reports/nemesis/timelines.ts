import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { History } from "#harness/oracle/nemesis/history.ts";
import { describeSchedule } from "#harness/oracle/nemesis/schedule.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { renderPage } from "#reports/page/page.ts";
import { badge, details, section } from "#reports/page/parts.ts";
import { choiceStyle, renderChronicle } from "#reports/trace/sections/chronicle.ts";
import { renderStrips } from "#reports/trace/sections/strips.ts";
import { eventsOf, lanesOf } from "./events.ts";

const style = readFileSync(join(import.meta.dirname, "../trace/trace.css"), "utf8");

/**
 * Plays of schedules on one page: each with its nodes, the plugin, the changes and the looks on one clock, and everything one by one below.
 * Without a script, and readable on a narrow screen.
 */
export function renderTimelines(title: string, histories: readonly History[]): string {
  const [first] = histories;
  const wrong = histories.filter((history) => !isHealed(history)).length;
  return renderPage({
    title,
    lead: html`<p>${plural(histories.length, "play")}, ${wrong} of them not healed. A bar is the time that something took; of a disturbance, that for which it lasted.</p>`,
    links: histories.map((history, index) => ({ href: `#play-${index + 1}`, text: nameOf(history, index) })),
    style: `${style}${first ? choiceStyle(lanesOf(first)) : ""}\n`,
    body: lines(bodiesOf(histories)),
  });
}

/** Numbers of events go on from play to play, since they are addresses within the page. */
function bodiesOf(histories: readonly History[]): Html[] {
  let before = 0;
  return histories.map((history, index) => {
    const body = renderPlay(history, index, before);
    before += eventsOf(history).length;
    return body;
  });
}

function renderPlay(history: History, index: number, before: number): Html {
  const lanes = lanesOf(history);
  const events = eventsOf(history).map((event, at) => ({ ...event, number: before + at + 1 }));
  const from = Math.min(...events.map(({ at }) => at));
  const to = Math.max(...events.map(({ at, durationMs = 0 }) => at + durationMs));
  const steps = describeSchedule(history.schedule).map((step) => html`<li>${step}</li>`);
  const body =
    events.length === 0
      ? html`<p>Nothing was done.</p>`
      : html`${renderStrips(lanes, events, { from, to })}
${details({ summary: plural(events.length, "event"), open: !isHealed(history) }, renderChronicle(lanes, events, from))}`;
  return section(
    `play-${index + 1}`,
    nameOf(history, index),
    html`<p>${verdictOf(history)}</p>
${details({ summary: "The schedule" }, html`<ol>${steps}</ol>`)}
${body}`,
  );
}

function nameOf({ seed }: History, index: number): string {
  return `${index + 1}: seed ${seed}`;
}

function verdictOf(history: History): Html {
  const { healedMs, findings } = history;
  if (findings.length > 0) return badge("bad", plural(findings.length, "finding"));
  if (healedMs === undefined) return badge("odd", "not played to its end");
  return html`${badge("good", "healed")} right ${formatDuration(healedMs)} after the last disturbance`;
}

function isHealed({ healedMs, findings }: History): boolean {
  return healedMs !== undefined && findings.length === 0;
}
