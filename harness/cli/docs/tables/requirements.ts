import { markdownTable } from "#harness/core/text/markdown.ts";
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
        .map((rule) => [
          ...[rule.id, describeLevel(rule), rule.title, describeScope(rule), linkTo(rule.source)],
        ]);
      return `### ${profile}\n\n${markdownTable(["id", "level", "requirement", "applies to", "source"], rows)}`;
    })
    .join("\n\n");
}

/** Why some requirements are not for drivers whose workloads a CNI runtime attaches. */
export function notOverCniTable(): string {
  const reasons = Map.groupBy(requirementIds, (id) => requirementOf(id).appliesTo.notOverCni);
  const rows = [...reasons].flatMap(([why, ids]) => (why === undefined ? [] : [[ids.join(", "), why]]));
  return markdownTable(["requirements", "why not over CNI"], rows);
}

function describeLevel({ level, provisional }: Requirement): string {
  return provisional ? `${level}, provisional` : level;
}

/** A page of the project's own lies beside the table. */
function linkTo({ text, url }: Requirement["source"]): string {
  return `[${text}](${url ?? /docs\/(\S+\.md)/.exec(text)?.[1] ?? ""})`;
}

/** Which plugins the rule is for, in a few words; empty: all of them. */
function describeScope({ appliesTo, promised = [] }: Requirement): string {
  const {
    capabilities = [],
    subsystem,
    declares,
    sinceEngine,
    pluginKinds,
    since,
    until,
    notOverCni,
  } = appliesTo;
  const promises = promised.map(({ since: release, over, overCni }) => {
    // No engine promises anything of what no engine attaches.
    const from = overCni && capabilities.includes("cni") ? `with \`${overCni}\`` : `since Docker ${release}`;
    return `${over ? `over ${over} ` : ""}${from}`;
  });
  return [
    ...capabilities.map((capability) => `\`${capability}\``),
    ...(subsystem === undefined || subsystem === "any" ? [] : [subsystem]),
    ...(declares === undefined ? [] : [declares]),
    ...(sinceEngine === undefined ? [] : [`since Docker ${sinceEngine}`]),
    ...(pluginKinds === undefined ? [] : [`${pluginKinds.join(", ")} plugins`]),
    ...(since === undefined || since === "0.3.1" ? [] : [`since ${since}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(promises.length === 0 ? [] : [`promised ${promises.join(" and ")}`]),
    ...(notOverCni === undefined ? [] : ["not over CNI"]),
  ].join(", ");
}
