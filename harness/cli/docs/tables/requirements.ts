import { markdownTable } from "#harness/core/markdown.ts";
import { requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";

/** Every requirement, a table for each profile. */
export function requirementsTable(): string {
  const profiles = [...new Set(requirementIds.map((id) => requirementOf(id).profile))];
  return profiles
    .map((profile) => {
      const rows = requirementIds
        .map((id) => ({ id, ...requirementOf(id) }))
        .filter((requirement) => requirement.profile === profile)
        .map(({ id, level, title, needs, source }) => [
          ...[id, level, title, needs.map((need) => `\`${need}\``).join(" ")],
          `[${source.text}](${source.url})`,
        ]);
      return `### ${profile}\n\n${markdownTable(["id", "level", "requirement", "needs", "source"], rows)}`;
    })
    .join("\n\n");
}
