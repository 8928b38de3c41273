import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usualPolicySemantics } from "#drivers/driver.ts";
import { type Shrinking, shrink } from "#harness/oracle/shrink.ts";
import type { PolicyCase } from "./case.ts";
import { generateCases } from "./generate.ts";
import { smallerCases, suspects } from "./shrink.ts";

const cases = generateCases(1, 120, { semantics: usualPolicySemantics, ipv6: true });
const anyCase = fc.constantFrom(...cases);
const shrinkCase = (given: PolicyCase, how: Omit<Shrinking<PolicyCase>, "simpler">) =>
  shrink(given, { simpler: smallerCases, ...how });
const sized = ({ rules, earlier }: PolicyCase) => rules.length + earlier.length;

describe("shrinking", () => {
  it("keeps of a case what makes it fail, and makes the rest as simple as can be", async () => {
    const failing: PolicyCase = {
      order: "updated",
      rules: [
        {
          policy: "b",
          direction: "out",
          protocol: "tcp",
          port: "first",
          action: "deny",
          priority: 100,
          peer: "cidr",
        },
        {
          policy: "b",
          direction: "out",
          protocol: "any",
          port: "every",
          action: "allow",
          priority: 10,
          peer: "everybody",
        },
      ],
      earlier: [
        {
          policy: "b",
          direction: "in",
          protocol: "tcp",
          port: "first",
          action: "deny",
          priority: 100,
          peer: "cidr",
        },
        {
          policy: "b",
          direction: "out",
          protocol: "udp",
          port: "every",
          action: "allow",
          priority: 10,
          peer: "everybody",
        },
      ],
    };
    const { smallest, complete } = await shrinkCase(failing, {
      fails: async ({ rules }) => rules.some(({ peer, protocol }) => peer === "cidr" && protocol === "tcp"),
    });
    expect(complete).toBe(true);
    expect(smallest).toEqual({
      order: "plain",
      rules: [
        {
          policy: "a",
          direction: "in",
          protocol: "tcp",
          port: "every",
          action: "deny",
          priority: 1,
          peer: "cidr",
        },
      ],
      earlier: [],
    });
  });

  it("ends with a case that fails and of which no simpler one does", async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, fc.integer({ min: 1, max: 3 }), async (given, least) => {
        const fails = async (one: PolicyCase) => sized(one) >= Math.min(least, sized(given));
        const { smallest, complete } = await shrinkCase(given, { fails });
        expect(complete).toBe(true);
        expect(await fails(smallest)).toBe(true);
        for (const smaller of smallerCases(smallest)) expect(await fails(smaller)).toBe(false);
      }),
    );
  });

  it("returns the smallest so far when there is no more time", async () => {
    let left = 3;
    const { tries, complete } = await shrinkCase(cases[0]!, {
      fails: async () => false,
      more: () => left-- > 0,
    });
    expect({ tries, complete }).toEqual({ tries: 3, complete: false });
  });
});

describe("what may be wrong", () => {
  const [first, second, third] = cases as [PolicyCase, PolicyCase, PolicyCase];

  it("is the case that was being played, and then those before it from the last one on", () => {
    expect(suspects(third, [first, second], true)).toEqual([third, second, first]);
  });

  it("is one of those before it where nothing of it was done", () => {
    expect(suspects(third, [first, second], false)).toEqual([second, first]);
    expect(suspects(first, [], false)).toEqual([]);
  });
});
