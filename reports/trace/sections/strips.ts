import { type Html, html } from "#reports/page/html.ts";
import { type Lane, type LaneEvent, testLane } from "#reports/trace/events.ts";

const width = 1_000;
/** Narrowest that something is drawn. */
const least = 2;

/** An event with its place in the list below the picture. */
export interface Numbered extends LaneEvent {
  readonly number: number;
}

/** From when to when, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** `+1.250 s`, from the beginning of the test. */
export function formatMoment(at: number, from: number): string {
  const seconds = (at - from) / 1000;
  return `${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(3)} s`;
}

/** A picture of all lanes on one clock: each event is where it was in time, and leads to its line below. */
export function renderStrips(lanes: readonly Lane[], events: readonly Numbered[], span: Span): Html {
  const x = (at: number) => {
    const part = (Math.min(Math.max(at, span.from), span.to) - span.from) / Math.max(1, span.to - span.from);
    return part * (width - least);
  };
  const moments = events.filter(({ lane }) => lane === testLane);
  const lines = moments.map(({ at, tone }) => {
    const place = x(at).toFixed(1);
    return html`<line class="tone-${tone ?? "plain"}" x1="${place}" x2="${place}" y1="0" y2="10"/>`;
  });
  const rows = lanes.map(({ id, title, empty }) => {
    const own = events.filter(({ lane }) => lane === id);
    const marks = own.map(({ at, durationMs = 0, tone = "plain", title: what, number }) => {
      const [begin, end] = [x(at), x(at + durationMs)];
      const wide = Math.max(least, end - begin).toFixed(1);
      return html`<a href="#e${number}" tabindex="-1"><rect class="tone-${tone}" x="${begin.toFixed(1)}" y="1" width="${wide}" height="8"><title>${formatMoment(at, span.from)} ${what}</title></rect></a>`;
    });
    const said = own.length === 0 ? empty : `${own.length}`;
    return html`<li><span class="lane">${title} <span class="quiet small">${said}</span></span>
<svg viewBox="0 0 ${width} 10" preserveAspectRatio="none" aria-hidden="true">${lines}${marks}</svg></li>`;
  });
  const last = formatMoment(span.to, span.from);
  return html`<ol class="strips">${rows}</ol>
<p class="axis quiet small"><span>+0 s</span><span>${last}</span></p>`;
}
