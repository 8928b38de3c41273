import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Trace } from "#harness/conformance/suite/record/trace/schema.ts";
import { typed } from "#harness/core/typed.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { outcomeSigns } from "#reports/matrix/outcomes.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { encodePath, link } from "#reports/page/link.ts";
import { renderPage } from "#reports/page/page.ts";
import { badge, section } from "#reports/page/parts.ts";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { eventsOf, type LaneEvent, lanesOf, testLane } from "./events.ts";
import { choiceStyle, renderChoice, renderChronicle } from "./sections/chronicle.ts";
import { renderClocks } from "./sections/clocks.ts";
import { cut, renderState } from "./sections/state.ts";
import { renderStrips } from "./sections/strips.ts";

const style = readFileSync(join(import.meta.dirname, "trace.css"), "utf8");

/** Bytes that a page has at most. */
export const pageLimit = 2_000_000;

/** Characters of the longest text that a trace has. */
const longest = 20_100;

/** How much of a trace is shown. */
interface Room {
  /** Of each text. */
  readonly characters: number;
  /** Beside the moments of the test. */
  readonly events: number;
  /** Less than the trace has. */
  readonly isCut: boolean;
}

/**
 * A failure on one page: what failed, the lanes of all who took part in it on one clock, and the state of the nodes before and after. `path` is
 * where the trace lies, relative to the reports folder. At most 2 MB: of what is longer the page says how much is left out, and where it is.
 */
export function renderTrace(trace: Trace, path: string): string {
  for (let room: Room = { characters: longest, events: 1_200, isCut: false }; ; ) {
    const page = renderWithin(trace, path, room);
    const bytes = Buffer.byteLength(page);
    if (bytes <= pageLimit || room.events === 0) return page;
    room = shrink(room, pageLimit / bytes);
  }
}

/** Texts first: a page of many short ones says more than one of a few long ones. */
function shrink({ characters, events }: Room, part: number): Room {
  return {
    characters: Math.max(80, Math.floor(characters * part * 0.8)),
    events: characters > 80 ? events : Math.floor(events * part * 0.8),
    isCut: true,
  };
}

function renderWithin(trace: Trace, path: string, room: Room): string {
  const { requirement, driver, engine, outcome, startedAt } = trace;
  const lanes = lanesOf(trace);
  const all = eventsOf(trace);
  const events = within(all, room).map((event, index) => ({ ...event, number: index + 1 }));
  const span = { from: startedAt, to: Math.max(trace.endedAt, ...events.map(endOf)) };
  const left = all.length - events.length;
  return renderPage({
    title: `${requirement} on ${driver}@${engine}: ${outcome}`,
    lead: renderLead(trace),
    links: [
      { href: "#failure", text: "What failed" },
      { href: "#lanes", text: "On one clock" },
      { href: "#events", text: `One by one (${events.length})` },
      { href: "#state", text: "Before and after" },
      { href: "#files", text: "Files" },
    ],
    style: `${style}${choiceStyle(lanes)}\n`,
    body: lines([
      section("failure", "What failed", renderFailure(trace, room)),
      section("lanes", "On one clock", html`${renderStrips(lanes, events, span)}${renderClocks(trace)}`),
      section(
        "events",
        "One by one",
        html`${renderChoice(lanes)}${renderChronicle(lanes, events, startedAt)}`,
      ),
      section("state", "Before and after", renderState(trace, room.characters)),
      section("files", "Files, and what is not on this page", renderFiles(trace, path, left, room)),
    ]),
  });
}

function endOf({ at, durationMs = 0 }: LaneEvent): number {
  return at + durationMs;
}

/** The moments of the test and the events nearest to its end, each with as much of its text as there is room for. */
function within(events: readonly LaneEvent[], { events: most, characters }: Room): LaneEvent[] {
  const others = events.filter(({ lane }) => lane !== testLane);
  const kept = new Set(most === 0 ? [] : others.slice(-most));
  return events
    .filter((event) => event.lane === testLane || kept.has(event))
    .map((event) => ({
      ...event,
      title: cut(event.title, characters),
      ...(event.body === undefined ? {} : { body: cut(event.body, characters) }),
    }));
}

function renderLead({ requirement, outcome, chapter, test, startedAt, endedAt }: Trace): Html {
  const { sign, tone } = outcomeSigns[outcome];
  const rule = isRequirementId(requirement) ? requirementOf(requirement) : undefined;
  const source =
    rule &&
    (rule.source.url === undefined
      ? rule.source.text
      : link(rule.source.url, rule.source.text, { rel: "noreferrer" }));
  const took = formatDuration(endedAt - startedAt);
  return html`<p>${badge(tone, `${sign} ${outcome}`)} ${rule?.title ?? test}</p>
<p class="quiet small">${rule && html`${rule.level} · ${source} · `}chapter ${chapter}, “${test}” · ${new Date(startedAt).toISOString()}, took ${took}</p>`;
}

function renderFailure({ reason, hops, byHand, requirement }: Trace, { characters }: Room): Html {
  const lost = hops.map((hop) => html`<p class="hop">On its way: ${cut(hop, characters)}</p>`);
  const hands = byHand.map(
    ({ line, confirmed }) =>
      html`<pre class="wrap">${cut(line, characters)}${confirmed !== undefined && `  # ${confirmed}`}</pre>`,
  );
  return html`<pre class="wrap failure">${cut(reason, characters)}</pre>${lost}
${hands.length > 0 && html`<p>By hand:</p>${hands}`}
<p>The rule, what it needs, and the faults that are known to break it: <code>${typed(`explain ${requirement}`)}</code></p>`;
}

function renderFiles(trace: Trace, path: string, left: number, { characters, isCut }: Room): Html {
  const own = dirname(path);
  const files = [...new Set([...trace.files, path])].map((file) => {
    const isBeside = dirname(file) === own;
    return html`<li>${isBeside ? link(encodePath(basename(file)), file) : file}</li>`;
  });
  const out = [
    ...trace.leftOut,
    ...(left > 0 ? [`${plural(left, "earlier event")}, for want of room: ${path}`] : []),
    ...(isCut ? [`of each text what comes after ${characters} characters: ${path}`] : []),
    "what other tests of the chapter did at the same time, but for logs, exchanges and changes, which are of all",
  ].map((what) => html`<li>${what}</li>`);
  return html`<p>In the folder of the reports:</p><ul class="files">${files}</ul>
<p>Not on this page, and where it is:</p><ul>${out}</ul>`;
}
