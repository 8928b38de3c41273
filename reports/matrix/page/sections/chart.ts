import { type Html, html } from "#reports/page/html.ts";

export interface Chart {
  title: string;
  /** One value per run, oldest first; `undefined` where there is none. */
  values: readonly (number | undefined)[];
  /** What each run is called, e.g. its date. */
  names: readonly string[];
  format: (value: number) => string;
  /** Upper end of the scale; default: the largest value. */
  top?: number;
}

const width = 320;
const height = 110;
const margin = { left: 4, right: 4, top: 8, bottom: 6 };

/** A line over the runs as SVG, with its scale and last value as text; every point says its value on hover, and a reader for the blind hears first, last and range. */
export function renderChart({ title, values, names, format, top }: Chart): Html {
  const known = values.filter((value) => value !== undefined);
  const last = known.at(-1);
  if (last === undefined) {
    return html`<figure class="chart"><figcaption>${title}</figcaption><p class="quiet small">no value yet</p></figure>`;
  }
  const highest = Math.max(top ?? 0, ...known) || 1;
  const x = (index: number) =>
    margin.left +
    (values.length === 1 ? 0.5 : index / (values.length - 1)) * (width - margin.left - margin.right);
  const y = (value: number) =>
    height - margin.bottom - (value / highest) * (height - margin.top - margin.bottom);
  const at = (value: number, index: number) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  const points = values.flatMap((value, index) => (value === undefined ? [] : [at(value, index)]));
  const dots = values.map((value, index) => {
    if (value === undefined) return undefined;
    const [cx, cy] = at(value, index).split(",");
    const told = `${names[index] ?? ""}: ${format(value)}`;
    return html`<circle cx="${cx}" cy="${cy}" r="${index === values.length - 1 ? 4 : 2.5}"><title>${told}</title></circle>`;
  });
  const label = `${title}: last ${format(last)}, lowest ${format(Math.min(...known))}, highest ${format(Math.max(...known))} of ${known.length}`;
  const grid = [0, 0.5, 1]
    .map((part) => y(part * highest).toFixed(1))
    .map((line) => html`<line x1="0" x2="${width}" y1="${line}" y2="${line}"/>`);
  return html`<figure class="chart">
<figcaption>${title} <strong>${format(last)}</strong></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<g class="grid">${grid}</g><polyline points="${points.join(" ")}"/>${dots}
</svg>
<p class="quiet small">0 to ${format(highest)}, ${names[0] ?? ""}${names.length > 1 ? ` to ${names.at(-1) ?? ""}` : ""}</p>
</figure>`;
}
