import { wasRun } from "#reports/conformance/console/table.ts";
import type { Statement } from "#reports/conformance/schema.ts";
import type { Finding } from "./finding.ts";

/** Who, what and how, for a person: a line for each thing that the statement says. */
export function describeStatement({
  implementation,
  generator,
  catalogue,
  run,
  environment,
  targets,
}: Statement): string[] {
  const who = implementation
    ? `${implementation.organisation}, ${implementation.project} ${implementation.version}, ${implementation.contact.join(", ")}`
    : "not said";
  const { settings } = environment;
  const how = [
    (run.command ?? []).join(" "),
    ...(run.seed === undefined ? [] : [`seed ${run.seed}`]),
    ...(run.rounds === undefined ? [] : [`${run.rounds} rounds`]),
    ...(settings.PATIENCE === undefined || settings.PATIENCE === 1 ? [] : [`patience ${settings.PATIENCE}`]),
  ].join(", ");
  return [
    `who    ${who}`,
    `suite  ${generator.name} ${generator.version} ${short(generator.sha256)}, catalogue ${short(catalogue?.sha256)} of ${catalogue?.requirements} requirements`,
    `how    ${how}, on ${run.startedAt}`,
    ...targets
      .filter(wasRun)
      .flatMap((target) => [
        `what   ${target.name}: ${target.title}`,
        ...(target.binaries ?? []).map(({ path, sha256 }) => `       ${path} ${short(sha256)}`),
        ...(target.nodes ?? []).map(
          ({ name, engine, kernel }) => `       ${name}: Docker ${engine}, kernel ${kernel}`,
        ),
        `       ${target.profiles.map(({ profile, verdict }) => `${profile} ${verdict}`).join(", ")}`,
      ]),
  ];
}

/** Findings, a line for each; of many the first ones, and how many there are besides. */
export function describeFindings(findings: readonly Finding[], most = 20): string[] {
  const rest = findings.length - most;
  return [
    ...findings.slice(0, most).map(({ field, what }) => `  ${field}: ${what}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function short(sha256 = "unknown"): string {
  return sha256.slice(0, 12);
}
