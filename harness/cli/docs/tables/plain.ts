import { nodeCapabilities, runtimeCapabilities } from "#harness/cluster/images/node-contract.ts";
import { providerSummaries } from "#harness/cluster/providers.ts";
import { outcomeMeanings, outcomes } from "#harness/conformance/outcome.ts";
import { causeKinds } from "#harness/core/failure/cause.ts";
import { describeSettings } from "#harness/core/settings/settings.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";

/** Every setting with its default. */
export function settingsTable(): string {
  return markdownTable(
    ["setting", "default", "meaning"],
    describeSettings().map(({ name, default: value, meaning }) => [
      ...[`\`${name}\``, value && `\`${value}\``, meaning],
    ]),
  );
}

/** What each outcome says. */
export function outcomesTable(): string {
  return markdownTable(
    ["outcome", "meaning"],
    outcomes.map((outcome) => [outcome, outcomeMeanings[outcome]]),
  );
}

/** What each kind of cause says. */
export function causesTable(): string {
  return markdownTable(
    ["kind", "what happened"],
    Object.entries(causeKinds).map(([kind, says]) => [kind, says]),
  );
}

/** The values of `CLUSTER`. */
export function providersTable(): string {
  return markdownTable(
    ["`CLUSTER`", "what the nodes are", "what it needs"],
    Object.entries(providerSummaries).map(([name, { nodes, needs }]) => [`\`${name}\``, nodes, needs]),
  );
}

/** What a node's container may do, and what fails without. */
export function nodeCapabilitiesTable(): string {
  return markdownTable(
    ["capability", "from", "without it"],
    Object.entries(nodeCapabilities)
      .map(([name, need]) => [
        ...[`\`${name}\``, "added" in need ? "the suite" : "Docker's default"],
        `${need.without}: ${need.stops === "boot" ? "the node does not start" : "the node's engine runs no container"}`,
      ])
      .concat(
        Object.entries(runtimeCapabilities).flatMap(([runtime, further]) =>
          Object.entries(further).map(([name, without]) => [
            ...[`\`${name}\``, `the suite, with \`RUNTIME=${runtime}\``, without],
          ]),
        ),
      ),
  );
}
