import type { Statement } from "#reports/conformance/schema.ts";
import { html } from "#reports/page/html.ts";

/** What a badge says, and in which colour: `good` only where no profile is broken and one is kept whole. */
export interface Standing {
  readonly text: string;
  readonly tone: "good" | "some" | "bad";
}

const colours = { good: "#2e7d32", some: "#8a6d00", bad: "#b3261e" } as const;
/** Width of an average character at the size that is used; a badge is a little too wide rather than too narrow. */
const characterWidth = 6.7;
const padding = 6;

/** What the profiles of all targets together come to. */
export function standingOf({ targets }: Pick<Statement, "targets">): Standing {
  const verdicts = targets.flatMap(({ profiles }) => profiles.map(({ verdict }) => verdict));
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  const [broken, whole, partial] = [count("not conformant"), count("conformant"), count("partial")];
  const said = [
    ...(broken > 0 ? [`${broken} not conformant`] : []),
    ...(whole > 0 ? [`${whole} conformant`] : []),
    ...(partial > 0 ? [`${partial} partial`] : []),
  ].join(", ");
  const tone = broken > 0 ? "bad" : whole > 0 ? "good" : "some";
  return { text: said === "" ? "nothing shown" : said, tone };
}

/** A badge as SVG, self-contained: the suite and its version on the left, what the statement comes to on the right. */
export function badgeOf(statement: Pick<Statement, "targets" | "generator">): string {
  const { name, version } = statement.generator;
  const { text, tone } = standingOf(statement);
  const label = `${name} ${version}`;
  const [left, right] = [label, text].map(
    (words) => Math.ceil(words.length * characterWidth) + 2 * padding,
  ) as [number, number];
  const width = left + right;
  const whole = `${label}: ${text}`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${whole}">
<title>${whole}</title>
<clipPath id="round"><rect width="${width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#round)"><rect width="${left}" height="20" fill="#444"/><rect x="${left}" width="${right}" height="20" fill="${colours[tone]}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="${left / 2}" y="14">${label}</text>
<text x="${left + right / 2}" y="14">${text}</text>
</g>
</svg>
`.toString();
}
