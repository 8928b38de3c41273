import { describeSettings } from "#harness/core/settings/settings.ts";
import { isProtocolSuite } from "#reports/target.ts";
import type { RequirementResult, Statement, TargetStatement } from "./schema.ts";

/** Settings that a line names where they are not usual; driver and engine it always names. */
const named = [
  "CLUSTER",
  "NODES",
  "FIREWALL",
  "IMAGE",
  "SCALE",
  "CONFIG",
  "PROFILE",
  "KIND",
  "CNI_VERSION",
  "FAULT",
  "MEND",
];

/** The settings of a run, as its statement has them. */
export type ToldSettings = Statement["environment"]["settings"];

/**
 * The line that runs requirements of one target again, e.g. `DRIVER=./my-driver.ts ENGINE=26.1 npx netconform run multihost -t M4`.
 * `ids` are at least one of the target's requirements.
 */
export function repeatLine(told: ToldSettings, target: TargetStatement, ids: readonly string[]): string {
  const { reference = target.driver, engine, results } = target;
  const taken = results.filter(({ requirement }) => ids.includes(requirement));
  const settings = unusual(told);
  if (isProtocolSuite(engine)) {
    const variables = [
      ...(target.reference === "reference" ? [] : [assign("PLUGIN", reference)]),
      ...settings,
    ];
    return [...variables, "npx vitest run", `suites/${engine.split("-", 1)[0]}`, ...selection(ids)].join(" ");
  }
  const variables = [assign("DRIVER", reference), assign("ENGINE", engine), ...settings];
  return [...variables, "npx netconform run", ...chaptersOf(taken), ...selection(ids)].join(" ");
}

/** What judges a chapter as a whole shows nothing without the rest of it. */
const ofWholeChapter = ["S5", "C1", "R1"];

/** A line for a hundred requirements is one for the whole chapter, too. */
function selection(ids: readonly string[]): string[] {
  const whole = ids.length > 8 || ids.some((id) => ofWholeChapter.includes(id));
  return whole ? [] : ["-t", ids.join(",")];
}

function chaptersOf(results: readonly RequirementResult[]): string[] {
  return [...new Set(results.flatMap(({ chapter }) => chapter ?? []))];
}

function unusual(settings: ToldSettings): string[] {
  const usual = new Map(describeSettings().map(({ name, default: value }) => [name, value]));
  return named.flatMap((name) => {
    const value = settings[name];
    if (value === undefined) return [];
    const text = typeof value === "boolean" ? String(Number(value)) : String(value);
    return text === (usual.get(name) ?? "") ? [] : [assign(name, text)];
  });
}

function assign(name: string, value: string): string {
  return `${name}=${/^[\w./:@,+-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`;
}
