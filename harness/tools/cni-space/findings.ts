import { withoutMachine } from "#harness/tools/cni-table/findings.ts";
import type { Choices } from "./option.ts";
import { levelOf, type RowId, rowIds } from "./walk/rows.ts";
import type { Walked } from "./walk/walk.ts";

/** The configurations of one release of the plugins. */
export interface SpaceRun {
  /** What the user called the folder, e.g. `1.9.1`. */
  readonly generation: string;
  readonly folder: string;
  readonly walked: readonly Walked[];
}

/** One way in which a rule is broken, and by which configurations. */
export interface SpaceFinding {
  readonly rule: RowId;
  readonly plugin: string;
  readonly generation: string;
  readonly reason: string;
  readonly configurations: readonly string[];
  /** Values that all of these have and no configuration that keeps the rule; absent where no one or two values tell them apart. */
  readonly values?: Choices;
}

/** What is red, by rule, plugin and generation; reasons without anything that is only so in one run. */
export function findingsOf({ generation, folder, walked }: SpaceRun): SpaceFinding[] {
  return rowIds.flatMap((rule) =>
    [...Map.groupBy(walked, ({ plugin }) => plugin)].flatMap(([plugin, all]) => {
      const judged = all
        .filter(({ verdicts }) => ["passed", "failed"].includes(verdicts[rule]?.outcome ?? ""))
        .map((one) => ({
          ...one,
          told: new Set(reasonsOf(one, rule).map((reason) => findingReason(rule, reason, folder))),
        }));
      const reasons = new Set(judged.flatMap(({ told }) => [...told]));
      return [...reasons].map((reason): SpaceFinding => {
        const group = judged.filter(({ told }) => told.has(reason));
        const kept = judged.filter(({ told }) => !told.has(reason));
        const values = valuesApart(
          group.map(({ choices }) => choices),
          kept.map(({ choices }) => choices),
        );
        return {
          ...{ rule, plugin, generation, reason },
          configurations: group.map(({ name }) => name),
          ...(values && { values }),
        };
      });
    }),
  );
}

function reasonsOf({ verdicts }: Walked, rule: RowId): readonly string[] {
  return verdicts[rule]?.outcome === "failed" ? verdicts[rule].reasons : [];
}

/** Of an option what it has to do is enough: what is there instead depends on all the others. */
function findingReason(rule: RowId, reason: string, folder: string): string {
  const general = generalReason(reason, folder);
  return rule === "option" ? general.replace(/, got .*$/, "") : general;
}

/** A reason as it reads in every run, for every container and IP version: what is left by the sorts of it. */
export function generalReason(reason: string, folder: string): string {
  const general = withoutMachine(reason, folder)
    .replaceAll(/\bveth[0-9a-f]{8}\b/g, "veth…")
    .replaceAll(/\bbwp[0-9a-f]{6,}\b/g, "bwp…")
    .replaceAll(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "MAC")
    .replaceAll(/\b10\.(?:8[89]|99)(?:\.\d+){2}\b|\bfd00:8[89]:[0-9a-f:]+|\bfd00:99::[0-9a-f:]*/g, "ADDRESS")
    .replaceAll(/\bnc-\d+-container\b/g, "container")
    .replaceAll(/\bADDRESS\/\d+/g, "ADDRESS")
    .replaceAll(/\bMask:[0-9a-f]+/g, "Mask:…")
    .replaceAll(/\bnc0\.100\b/g, "nc0")
    .replaceAll(/\bwithin \d+ ms\b/g, "in time")
    .replaceAll(/\b(ncx[a-z]*)\d+\b/g, "$1…")
    .replaceAll(/\[\[.*\]\]/g, "[…]")
    .replaceAll(/\bipv[46]\b/g, "ipv…");
  const [, before, left] = /^(.* nothing to be left after [^,]*, got )(.*)$/.exec(general) ?? [];
  if (before === undefined || left === undefined) return general;
  const sorts = left.split("; ").map((line) =>
    line
      .replace(/^ip6tables/, "iptables")
      .replace(/^(file \S+?\.json):.*/, "$1")
      .split(" ")
      .slice(0, /^(no|filter) /.test(line) ? 3 : 4)
      .join(" "),
  );
  return `${before}${[...new Set(sorts)].sort().join("; ")}`;
}

/** One value, else, for several configurations, two, that all of the broken ones have and none of the kept ones. */
export function valuesApart(broken: readonly Choices[], kept: readonly Choices[]): Choices | undefined {
  const [first] = broken;
  if (!first || kept.length === 0) return undefined;
  const common = Object.entries(first).filter(([option, value]) =>
    broken.every((choices) => choices[option] === value),
  );
  const singles = common.map((one) => [one]);
  // Two values tell one configuration from all others by chance.
  const pairs =
    broken.length < 2 ? [] : common.flatMap((one, at) => common.slice(at + 1).map((other) => [one, other]));
  const found = [...singles, ...pairs].find(
    (values) => !kept.some((choices) => values.every(([option = "", value]) => choices[option] === value)),
  );
  return found && Object.fromEntries(found);
}

/** MUSTs first. */
export function compareFindings(one: SpaceFinding, other: SpaceFinding): number {
  const weight = ({ rule }: SpaceFinding) => ["MUST", "SHOULD", undefined].indexOf(levelOf(rule));
  return weight(one) - weight(other);
}
