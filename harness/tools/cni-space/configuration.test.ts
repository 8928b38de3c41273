import { describe, expect, test } from "vitest";
import { knownBugs } from "./bugs.ts";
import { type Configuration, generateConfigurations, profileOf } from "./configuration.ts";
import type { Choices, OptionSpace } from "./option.ts";
import { spaces } from "./spaces.ts";

const anything = { release: undefined, obstacle: () => undefined };
const values = { dataDir: "/scratch", index: 3, ifName: "nc0" };
const everything = new Map<string, readonly Configuration[]>(
  spaces.map((space) => [space.plugin, generateConfigurations(space, 1, anything).configurations]),
);

const isApart = ({ apart = [] }: OptionSpace, some: Choices) =>
  apart.some((told) => Object.entries(told).every(([option, value]) => some[option] === value));

describe.each(spaces.map((space) => [space.plugin, space] as const))("the space of %s", (plugin, space) => {
  const configurations = everything.get(plugin) ?? [];

  test("has every two values of two options together, but for those that are apart", () => {
    const seen = new Set(
      configurations.flatMap(({ choices }) => {
        const told = Object.entries(choices).map(([option, value]) => `${option}=${value}`);
        return told.flatMap((one) => told.map((other) => `${one} ${other}`));
      }),
    );
    const options = Object.entries(space.options).map(
      ([option, told]) =>
        [option, Object.fromEntries(Object.entries(told).filter(([, value]) => !value.single))] as const,
    );
    const missing = options.flatMap(([one, mine], at) =>
      options.slice(at + 1).flatMap(([other, theirs]) =>
        Object.keys(mine).flatMap((value) =>
          Object.keys(theirs)
            .filter((counterpart) => !isApart(space, { [one]: value, [other]: counterpart }))
            .map((counterpart) => `${one}=${value} ${other}=${counterpart}`),
        ),
      ),
    );
    expect(missing.filter((pair) => !seen.has(pair))).toEqual(
      missing.filter((pair) => needsMore(space, pair)),
    );
  });

  test("names only options and values that it has", () => {
    for (const told of [...(space.apart ?? []), ...(space.also ?? [])]) {
      for (const [option, value] of Object.entries(told)) {
        expect(Object.keys(space.options[option] ?? {})).toContain(value);
      }
    }
  });

  test("has no configuration of values that are apart", () => {
    expect(configurations.filter(({ choices }) => isApart(space, choices))).toEqual([]);
  });

  test("makes of every configuration what a plugin can be given", () => {
    for (const { choices } of configurations) {
      const profile = profileOf(space, choices);
      const config = profile.config(values);
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
      const declared = Object.keys((config.capabilities as Record<string, true> | undefined) ?? {});
      expect(declared).toEqual(Object.keys(profile.capabilities?.(values) ?? {}));
    }
  });
});

/** A pair that stands in no configuration, since a third option has no value that goes with both. */
function needsMore({ options, apart = [] }: OptionSpace, pair: string): boolean {
  const choices = Object.fromEntries(
    pair.split(/ (?=\w+=)/).map((told) => told.split("=") as [string, string]),
  );
  return Object.entries(options).some(
    ([option, told]) =>
      choices[option] === undefined &&
      Object.keys(told).every((value) =>
        apart.some((one) =>
          Object.entries(one).every(([name, wanted]) => (name === option ? value : choices[name]) === wanted),
        ),
      ),
  );
}

describe("configurations", () => {
  test("are more than sixty, over IPv4, IPv6 and dual stack", () => {
    const all = [...everything.values()].flat();
    expect(all.length).toBeGreaterThan(100);
    for (const family of ["IPv4", "IPv6", "dual stack"]) {
      expect(all.filter(({ choices }) => choices.family === family).length).toBeGreaterThan(20);
    }
  });

  test("are the same for a seed, and others for another", () => {
    for (const space of spaces.slice(0, 3)) {
      const again = generateConfigurations(space, 1, anything).configurations;
      expect(again).toEqual(everything.get(space.plugin));
      expect(generateConfigurations(space, 2, anything).configurations).not.toEqual(again);
    }
  });

  const small: OptionSpace = {
    plugin: "small",
    kind: "interface",
    source: "",
    options: {
      speed: { slow: {}, fast: { since: "1.4.0" }, light: { needs: ["link light"] } },
      colour: { red: {}, blue: {} },
    },
  };
  const obstacle = (needs: readonly string[]) => (needs.includes("link light") ? "no light here" : undefined);

  test("have a value that hides the others once, beside the first of each other option", () => {
    const hiding: OptionSpace = {
      ...small,
      options: { speed: { slow: {}, none: { single: true } }, colour: { red: {}, blue: {} } },
    };
    expect(generateConfigurations(hiding, 1, anything).configurations.map(({ choices }) => choices)).toEqual([
      ...[expect.objectContaining({ speed: "slow" }), expect.objectContaining({ speed: "slow" })],
      { speed: "none", colour: "red" },
    ]);
  });

  test("have no value that the release or the machine does not know, and tell it", () => {
    const older = generateConfigurations(small, 1, { release: "1.1.1", obstacle });
    expect(older.configurations.map(({ choices }) => choices.speed)).toEqual(["slow", "slow"]);
    expect(older.untried).toEqual([
      { plugin: "small", option: "speed", value: "fast", why: "there since 1.4.0" },
      { plugin: "small", option: "speed", value: "light", why: "no light here" },
    ]);
    const newer = generateConfigurations(small, 1, { release: "1.10.0", obstacle });
    expect(newer.configurations).toHaveLength(4);
    const nowhere = generateConfigurations({ ...small, base: { needs: ["link light"] } }, 1, {
      ...anything,
      obstacle,
    });
    expect(nowhere).toEqual({
      configurations: [],
      untried: [{ plugin: "small", option: "", value: "", why: "no light here" }],
    });
  });

  test("put what several values say into one section", () => {
    const space: OptionSpace = {
      ...small,
      base: { config: { args: { cni: { a: 1 } } }, ipam: { type: "static" } },
      options: {
        family: { IPv6: {} },
        one: { on: { config: { args: { cni: { b: 2 } } }, ipam: ({ families }) => ({ families }) } },
        two: { on: { capabilities: { ips: ["10.0.0.1"] }, args: () => ({ MAC: "02" }) } },
      },
    };
    const profile = profileOf(space, { family: "IPv6", one: "on", two: "on" });
    expect(profile.config(values)).toEqual({
      args: { cni: { a: 1, b: 2 } },
      ipam: { type: "static", families: [6] },
      capabilities: { ips: true },
    });
    expect(profile.capabilities?.(values)).toEqual({ ips: ["10.0.0.1"] });
    expect(profile.args?.(values)).toEqual({ MAC: "02" });
    expect(profile.families).toEqual([6]);
  });
});

test("a known bug names plugins, options and values that there are", () => {
  for (const { plugins, values: wanted } of knownBugs) {
    for (const plugin of plugins) {
      const options = spaces.find((space) => space.plugin === plugin)?.options ?? {};
      for (const [option, value] of Object.entries(wanted)) {
        expect(Object.keys(options[option] ?? {})).toContain(value);
      }
    }
  }
});
