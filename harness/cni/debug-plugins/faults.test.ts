import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { debugFaults } from "./faults.ts";

const folder = new URL("program/", import.meta.url);
const kinds = ["interface", "chained", "ipam"] as const;
const scripts = readdirSync(folder).filter((name) => name.endsWith(".cjs"));
/** Scripts of one kind of plugin alone; every plugin runs the others. */
const own = { interface: ["interface.cjs", "delegate.cjs"], chained: ["chained.cjs"], ipam: ["ipam.cjs"] };
const shared = scripts.filter((name) => !Object.values(own).flat().includes(name));

/** What these scripts ask whether they have been told to do it wrong. */
function asked(files: readonly string[]): Set<string> {
  const source = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("");
  return new Set([...source.matchAll(/\bis\("([^"]+)"\)/g)].map(([, name = ""]) => name));
}

describe("the debug plugins", () => {
  it("have every behaviour that is listed for all of them", () => {
    const known = asked(shared);
    expect(debugFaults.every.filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(kinds)("have every behaviour that is listed for %s", (kind) => {
    const known = asked(own[kind]);
    expect(debugFaults[kind].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(kinds)("have no behaviour as %s that is not listed", (kind) => {
    const listed = new Set<string>(debugFaults[kind]);
    expect([...asked(own[kind])].filter((name) => !listed.has(name))).toEqual([]);
  });

  it("have no behaviour in common that is not listed", () => {
    const listed = new Set<string>(Object.values(debugFaults).flat());
    expect([...asked(shared)].filter((name) => !listed.has(name))).toEqual([]);
  });
});
