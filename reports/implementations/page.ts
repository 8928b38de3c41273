import { wasRun } from "#reports/conformance/console/table.ts";
import type { ProfileVerdict, Statement } from "#reports/conformance/schema.ts";
import { type Html, html } from "#reports/page/html.ts";
import { renderPage } from "#reports/page/page.ts";
import { badge, scrollable, section, type Tone } from "#reports/page/parts.ts";
import type { Submission } from "./submission.ts";

const tones: Readonly<Record<ProfileVerdict, Tone>> = {
  conformant: "good",
  partial: "warn",
  "not conformant": "bad",
  incomplete: "odd",
  "not applicable": "muted",
  "not run": "muted",
};

/** The page of implementations: a row for each target of each report that holds, and what is wrong with the others. */
export function implementationsPage(submissions: readonly Submission[]): string {
  const accepted = submissions.flatMap(({ findings, statement, ...more }) =>
    findings.length === 0 && statement ? [{ ...more, statement }] : [],
  );
  const rejected = submissions.filter(({ findings }) => findings.length > 0);
  const profiles = [
    ...new Set(
      accepted.flatMap(({ statement }) =>
        statement.targets.filter(wasRun).flatMap((target) => target.profiles.map(({ profile }) => profile)),
      ),
    ),
  ];
  const rows = accepted.flatMap((one) =>
    one.statement.targets.filter(wasRun).map((target) => row(one, target, profiles)),
  );
  return renderPage({
    title: "Implementations",
    lead: html`<p>${accepted.length} reports hold, ${rejected.length} do not. A report holds where it is complete for its catalogue, where its sums and digests agree, and where its signature is valid. Only <em>conformant</em> says that every MUST of a profile passed.</p>`,
    body: html`${section(
      "implementations",
      "Implementations",
      scrollable(
        "implementations",
        html`<table><thead><tr><th scope="col">implementation</th><th scope="col">target</th><th scope="col">suite</th><th scope="col">run</th><th scope="col">signed by</th>${profiles.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`,
      ),
    )}${rejected.length > 0 && section("rejected", "Rejected", html`<ul>${rejected.map(describeRejected)}</ul>`)}`,
  });
}

function row(
  { statement, path, signedBy }: { statement: Statement; path: string; signedBy?: string },
  target: Statement["targets"][number],
  profiles: readonly string[],
): Html {
  const { implementation, generator, catalogue, run } = statement;
  const who = implementation
    ? `${implementation.organisation}: ${implementation.project} ${implementation.version}`
    : "";
  const verdicts = profiles.map((name) => {
    const found = target.profiles.find(({ profile }) => profile === name);
    return html`<td>${found && badge(tones[found.verdict], found.verdict)}</td>`;
  });
  return html`<tr><th scope="row">${who}<br><small>${implementation?.contact.join(", ")}</small></th><td>${target.name}<br><small>${path}</small></td><td>${generator.version}<br><small>catalogue ${catalogue?.sha256.slice(0, 12)}</small></td><td>${run.startedAt.slice(0, 10)}</td><td>${signedBy ?? "nobody"}</td>${verdicts}</tr>`;
}

function describeRejected({ path, findings }: Submission): Html {
  const told = findings.slice(0, 5).map(({ field, what }) => html`<li><code>${field}</code>: ${what}</li>`);
  const rest = findings.length - told.length;
  return html`<li>${path}<ul>${told}${rest > 0 && html`<li>and ${rest} more</li>`}</ul></li>`;
}
