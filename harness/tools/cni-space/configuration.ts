import type { PluginProfile, ProfileValues } from "#harness/cni/testbed/profiles.ts";
import { pairwise } from "#harness/core/choice/pairwise.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";
import { seededRandom } from "#harness/core/random.ts";
import {
  type Choices,
  type Family,
  families,
  keysIn,
  type OptionSpace,
  type Place,
  type Value,
} from "./option.ts";

/** One configuration of a plugin. */
export interface Configuration {
  /** `bridge-07`: the plugin, and a number that is the same for the same seed and the same values. */
  readonly name: string;
  readonly plugin: string;
  readonly choices: Choices;
}

/** A value that no configuration has, and why. */
export interface Untried {
  readonly plugin: string;
  readonly option: string;
  readonly value: string;
  readonly why: string;
}

export interface Generated {
  readonly configurations: readonly Configuration[];
  readonly untried: readonly Untried[];
}

/** What decides whether a value can be tried. */
export interface Surroundings {
  /** Release of the plugins, e.g. `1.9.1`; `undefined` where nobody knows. */
  readonly release: string | undefined;
  /** Why the machine cannot do something that a value or a space needs. */
  readonly obstacle: (needs: readonly string[]) => string | undefined;
}

/**
 * The configurations of a plugin, the same for the same seed: every two values of two options together at least once, among the values that
 * can be tried. A value that cannot is in none of them, and told.
 */
export function generateConfigurations(
  space: OptionSpace,
  seed: number,
  { release, obstacle }: Surroundings,
): Generated {
  const { plugin, options, apart = [], also = [], base } = space;
  const never = obstacle(base?.needs ?? []);
  const why = ({ since, needs = [] }: Value) => {
    if (never !== undefined) return never;
    if (since !== undefined && release !== undefined && compareVersions(release, since) < 0) {
      return `there since ${since}`;
    }
    return obstacle(needs);
  };
  const untried: Untried[] = [];
  const singles: Choices[] = [];
  const dimensions = Object.fromEntries(
    Object.entries(options).map(([option, values]) => [
      option,
      Object.entries(values).flatMap(([value, told]) => {
        const because = why(told);
        if (because !== undefined) untried.push({ plugin, option, value, why: because });
        else if (told.single) singles.push({ [option]: value });
        else return [value];
        return [];
      }),
    ]),
  );
  if (never !== undefined) {
    return { configurations: [], untried: [{ plugin, option: "", value: "", why: never }] };
  }
  const isApart = (some: Partial<Choices>) =>
    apart.some((values) => Object.entries(values).every(([option, value]) => some[option] === value));
  const usual = Object.fromEntries(
    Object.entries(dimensions).map(([option, [first = ""]]) => [option, first]),
  );
  const isThere = ([option, value]: [string, string]) => dimensions[option]?.includes(value);
  const more = also.filter((choices) => Object.entries(choices).every(isThere));
  const all = [
    ...pairwise(dimensions, seededRandom(seed), isApart),
    ...[...more, ...singles].map((choices) => ({ ...usual, ...choices })),
  ];
  return {
    configurations: all.map((choices, at) => ({
      name: `${plugin}-${String(at + 1).padStart(2, "0")}`,
      ...{ plugin, choices },
    })),
    untried,
  };
}

/** The values of a configuration, that of the space first. */
export function valuesOf({ base = {}, options }: OptionSpace, choices: Choices): Value[] {
  return [base, ...Object.entries(choices).map(([option, value]) => options[option]?.[value] ?? {})];
}

export function placeOf(choices: Choices, values: ProfileValues): Place {
  return { ...values, families: families[(choices.family ?? "IPv4") as Family] };
}

/** How a configuration is used in a testbed. */
export function profileOf(space: OptionSpace, choices: Choices): PluginProfile {
  const { kind, standsAlone, allocates } = space;
  const values = valuesOf(space, choices);
  const inPlace = (name: "config" | "ipam" | "capabilities") => (given: ProfileValues) =>
    values.map((value) => keysIn(value[name], placeOf(choices, given))).reduce(merge, {});
  const [config, ipam, capabilities] = [inPlace("config"), inPlace("ipam"), inPlace("capabilities")];
  const args = values.flatMap((value) => value.args ?? []);
  const lines = (name: "prepareHost" | "prepareContainer") => {
    const told = values.flatMap((value) => value[name] ?? []);
    return told.length > 0 ? { [name]: told.join("\n") } : {};
  };
  const ifName = values.findLast((value) => value.ifName !== undefined)?.ifName;
  return {
    kind,
    config: (given) => {
      const declared = Object.keys(capabilities(given)).map((name) => [name, true]);
      const section = ipam(given);
      return {
        ...config(given),
        ...(Object.keys(section).length > 0 && { ipam: section }),
        ...(declared.length > 0 && { capabilities: Object.fromEntries(declared) }),
      };
    },
    capabilities,
    families: placeOf(choices, { dataDir: "", index: 0, ifName: "" }).families,
    ...lines("prepareHost"),
    ...lines("prepareContainer"),
    ...(args.length > 0 && {
      args: (given: ProfileValues) =>
        Object.assign({}, ...args.map((told) => told(placeOf(choices, given)))) as Record<string, string>,
    }),
    ...(ifName === undefined ? {} : { ifName }),
    ...(standsAlone && { standsAlone }),
    ...(allocates?.(choices) && { allocates: true }),
  };
}

/** Sections that several values write into are put together; of anything else the later one counts. */
function merge(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    return [key, isSection(before) && isSection(value) ? merge(before, value) : value];
  });
  return { ...one, ...Object.fromEntries(merged) };
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A configuration in a line: every option that is not as it is without being said. */
export function describeChoices({ options }: OptionSpace, choices: Choices): string {
  const told = Object.entries(choices).flatMap(([option, value]) => {
    if (value === "–") return [];
    const own = Object.keys(options[option] ?? {});
    return own.includes(option) || option === value ? [value] : [`${option}: ${value}`];
  });
  return told.join("; ");
}
