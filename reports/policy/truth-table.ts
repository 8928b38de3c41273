import type { Flow } from "#harness/oracle/engine/state.ts";
import { describeFlow, describeSeen, isRight, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { type Html, html } from "#reports/page/html.ts";

const square = 14;
const gap = 10;
const header = 56;
const side = 110;
const colours = { open: "#cfe8d5", blocked: "#5b6472", either: "#e5d9b5", wrong: "#d1242f" } as const;

/**
 * A truth table as an SVG picture, who × whom: a square for each protocol, port and IP version. What differs from what it must be is red,
 * with a cross. Each square tells in its title what it is.
 */
export function drawTruthTable(table: readonly SeenFlow[], title: string): string {
  const names = [...new Set(table.flatMap(({ flow }) => [flow.from.name, flow.to.name]))].sort();
  const columns = [...new Set(table.map(({ flow }) => columnOf(flow)))];
  const rows = [...new Set(table.map(({ flow }) => flow.family))].sort();
  const width = columns.length * square + gap;
  const height = rows.length * square + gap;
  const place = ({ from, to, ...flow }: Flow) => ({
    x: side + names.indexOf(to.name) * width + columns.indexOf(columnOf({ from, to, ...flow })) * square,
    y: header + names.indexOf(from.name) * height + rows.indexOf(flow.family) * square,
  });
  const wrong = table.filter((one) => !isRight(one)).length;
  const total = { width: side + names.length * width, height: header + names.length * height + 30 };
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" width="${total.width}" height="${total.height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="4" y="16" font-weight="bold">${title}: ${wrong} of ${table.length} differ</text>
<text x="4" y="32" font-size="10">rows: who opens; columns: whom; squares: ${columns.join(", ")}, over ${rows.map((row) => `IPv${row}`).join(" and ")}</text>
${names.map((name, index) => [
  html`<text x="${side + index * width}" y="${header - 6}" font-size="10">${name}</text>`,
  html`<text x="4" y="${header + index * height + square}" font-size="10">${name}</text>`,
])}
${table.map((one) => drawSquare(one, place(one.flow)))}
${drawLegend(total.height - 10)}
</svg>
`;
  return picture.toString();
}

function columnOf({ protocol, port }: Flow): string {
  return port === undefined ? protocol : `${protocol} ${port}`;
}

function drawSquare(one: SeenFlow, { x, y }: { x: number; y: number }): Html {
  const right = isRight(one);
  const told = `${describeFlow(one.flow)}: must be ${one.verdict}, was ${describeSeen(one)}`;
  const inner = square - 2;
  return html`<g><title>${told}</title><rect x="${x}" y="${y}" width="${inner}" height="${inner}" fill="${colours[one.verdict]}"${!right && html` stroke="${colours.wrong}" stroke-width="2"`}/>${
    !right &&
    html`<path d="M${x + 2} ${y + 2}l${inner - 4} ${inner - 4}m0 ${4 - inner}l${4 - inner} ${inner - 4}" stroke="${colours.wrong}" stroke-width="3"/>`
  }</g>`;
}

function drawLegend(y: number): Html {
  const entries = [
    ["open", "must be open"],
    ["blocked", "must be blocked"],
    ["either", "may be either"],
    ["wrong", "differs"],
  ] as const;
  return html`${entries.map(
    ([kind, text], index) =>
      html`<rect x="${4 + index * 120}" y="${y - 10}" width="10" height="10" fill="${colours[kind]}"/><text x="${18 + index * 120}" y="${y}" font-size="10">${text}</text>`,
  )}`;
}
