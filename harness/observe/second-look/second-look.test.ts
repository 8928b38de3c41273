import { describe, expect, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { confirm, lineOf } from "./by-hand.ts";
import { failureOf } from "./failure.ts";
import { lookMs, outOfView, View, viewHere } from "./view.ts";

const host = new LocalHost("node1");
const fails = ({ code }: { code: number | null }) => code !== 0;
const check = { who: "a to b", expected: "an answer", got: "none\nat all" };

describe("a line by hand", () => {
  test("is confirmed where each of three runs in a shell shows the failure", async () => {
    const argv = ["sh", "-c", 'test "$0" = "a b"', "it's"];
    expect(lineOf({ host, argv })).toBe(`  reproduce: node1$ sh -c 'test "$0" = "a b"' 'it'\\''s'`);
    expect(await confirm({ host, argv, shows: fails })).toBe("confirmed 3/3");
  });

  test("says that it does not show it", async () => {
    expect(await confirm({ host, argv: ["true"], shows: fails })).toBe("not reproducible by hand (0/3)");
  });

  test("shows nothing where it does not end", async () => {
    const argv = ["sleep", "60"];
    expect(await confirm({ host, argv, shows: () => true })).toBe("not reproducible by hand (0/3)");
  }, 30_000);
});

describe("a check that fails", () => {
  const byHand = { host, argv: ["false"], shows: fails };

  test("is confirmed in the body of a test, and not looked into elsewhere", async () => {
    const inside = await new View([]).run(() => failureOf({ ...check, byHand }));
    expect(inside.message).toBe(
      "a to b: expected an answer, got none\nat all\n  reproduce: node1$ false  # confirmed 3/3",
    );
    const outside = await new View([host]).run(() => outOfView(() => failureOf({ ...check, byHand })));
    expect(outside.message).toMatch(/reproduce: node1\$ false$/);
    expect(viewHere()).toBeUndefined();
  });

  test("waits for one that failed before it and is being looked into", async () => {
    const view = new View([host]);
    const { promise, resolve } = Promise.withResolvers<string>();
    const ends: string[] = [];
    const first = view.look(() => promise, { once: true }).then((hop) => ends.push(`first ${hop}`));
    const second = view.look(async () => "never", { once: true }).then((hop) => ends.push(`second ${hop}`));
    expect(view.isBusy).toBe(true);
    resolve("hop");
    await Promise.all([first, second]);
    expect(ends).toEqual(["first hop", "second undefined"]);
    expect(view.isBusy).toBe(false);
  });

  test("is looked into for what is left of the time of its test, and not at all where nothing is", async () => {
    const view = new View([host]);
    const begun = performance.now();
    const endless = { host, argv: ["sleep", "60"], shows: fails };
    const [first, second] = await view.run(() =>
      Promise.all([failureOf({ ...check, byHand: endless }), failureOf({ ...check, byHand })]),
    );
    expect(first.message).toMatch(/sleep 60 {2}# not reproducible by hand \(0\/3\)$/);
    expect(second.message).toMatch(/# confirmed 3\/3$/);
    // Both at the same time count once.
    expect(view.tookMs).toBeGreaterThanOrEqual(lookMs);
    expect(view.tookMs).toBeLessThanOrEqual(performance.now() - begun);
    const third = await view.run(() => failureOf({ ...check, byHand }));
    expect(third.message).toMatch(/reproduce: node1\$ false$/);
  }, 30_000);

  test("is told after the one that is followed, and its line by hand is run for itself", async () => {
    const view = new View([host]);
    const told: string[] = [];
    const slow = { ...byHand, argv: ["sh", "-c", "sleep 1; false"] };
    const end = { name: "c-1", agent: () => Promise.reject(new Error("it is gone")) };
    const probe = {
      from: end,
      to: { name: "c-2" },
      protocol: "icmp",
      address: "192.0.2.9",
      ports: [],
    } as const;
    const fail = async (who: string, line: typeof byHand) => {
      const again = async () => {};
      told.push((await failureOf({ ...check, who, byHand: line, probe: { ...probe, again } })).message);
    };
    await view.run(() => Promise.all([fail("first", slow), fail("second", byHand)]));
    expect(told.map((text) => text.split(":", 1)[0])).toEqual(["first", "second"]);
    expect(told[0]).toContain("on which hop it was lost could not be seen: it is gone");
    expect(told.filter((text) => text.includes("confirmed 3/3"))).toHaveLength(2);
  }, 30_000);
});
