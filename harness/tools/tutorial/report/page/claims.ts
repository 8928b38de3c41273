import type { ClaimCoverage, Coverage, Uncovered } from "#harness/tools/tutorial/coverage.ts";
import { type Html, html } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { badge, details } from "#reports/page/parts.ts";

/** Which claims the commands of a text touch, and which commands no assertion stands for. */
export function renderClaims({ claims, uncovered }: Coverage): Html {
  const touched = claims.filter(({ lines }) => lines.length > 0);
  const table = html`
<div class="scroll" tabindex="0" role="region" aria-label="Claims"><table><thead><tr><th scope="col">id</th><th scope="col">claim</th><th scope="col">suite</th><th scope="col">lines</th></tr></thead><tbody>${claims.map(renderClaim)}</tbody></table></div>`;
  return html`${details({ summary: `${touched.length} of ${claims.length} claims are touched` }, table)}
${details(
  { summary: `${uncovered.length} commands that no assertion of the suite stands for` },
  html`<ul>${uncovered.map(renderUncovered)}</ul>`,
)}`;
}

function renderClaim({ id, claim, asserted, lines }: ClaimCoverage): Html {
  const links = lines.map((line, index) => [index > 0 && " ", link(`#line-${line}`, line)]);
  const state = asserted ? badge("good", "asserted") : badge("warn", "no assertion");
  const touches = lines.length > 0 ? links : html`<span class="quiet">not touched</span>`;
  return html`<tr><th scope="row">${id}</th><td>${claim}</td><td>${state}</td><td>${touches}</td></tr>`;
}

function renderUncovered({ line, command, claims }: Uncovered): Html {
  return html`<li>${link(`#line-${line}`, `line ${line}`)} <code>${command}</code> ${claims.join(" ")}</li>`;
}
