import { markdownTable } from "#harness/core/text/markdown.ts";
import type { AppliesTo } from "#suites/requirements/applicability/applies-to.ts";
import { requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";

/** Every requirement, a table for each profile. */
export function requirementsTable(): string {
  const profiles = [...new Set(requirementIds.map((id) => requirementOf(id).profile))];
  return profiles
    .map((profile) => {
      const rows = requirementIds
        .map((id) => ({ id, ...requirementOf(id) }))
        .filter((requirement) => requirement.profile === profile)
        .map(({ id, level, title, appliesTo, source }) => [
          ...[id, level, title, describeScope(appliesTo), linkTo(source)],
        ]);
      return `### ${profile}\n\n${markdownTable(["id", "level", "requirement", "applies to", "source"], rows)}`;
    })
    .join("\n\n");
}

/** A page of the project's own lies beside the table. */
function linkTo({ text, url }: Requirement["source"]): string {
  return `[${text}](${url ?? text.replace(/^.*docs\//, "")})`;
}

/** Which plugins the rule is for, in a few words; empty: all of them. */
function describeScope({
  capabilities = [],
  subsystem,
  declares,
  sinceEngine,
  pluginKinds,
  since,
  until,
}: AppliesTo): string {
  return [
    ...capabilities.map((capability) => `\`${capability}\``),
    ...(subsystem === undefined || subsystem === "any" ? [] : [subsystem]),
    ...(declares === undefined ? [] : [declares]),
    ...(sinceEngine === undefined ? [] : [`since Docker ${sinceEngine}`]),
    ...(pluginKinds === undefined ? [] : [`${pluginKinds.join(", ")} plugins`]),
    ...(since === undefined || since === "0.3.1" ? [] : [`since ${since}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ].join(", ");
}
