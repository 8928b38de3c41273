import { expect, test } from "vitest";
import { z } from "zod";
import { describeMisfits, misfitsOf } from "./misfits.ts";

const schema = z.strictObject({
  name: z.string().min(2),
  port: z.int().min(1).max(65_535),
  kind: z.enum(["tcp", "udp"]),
  version: z.literal(3),
  tags: z.array(z.string().regex(/^[a-z]+$/, "small letters")).min(1),
});
const good = { name: "ab", port: 1, kind: "tcp", version: 3, tags: ["a"] };

test.each([
  [{ name: undefined }, "name: expected string, got nothing"],
  [{ name: "a" }, 'name: expected string to have >=2 characters, got "a"'],
  [{ port: "80" }, 'port: expected number, got "80"'],
  [{ port: 0 }, "port: expected number to be >=1, got 0"],
  [{ kind: "icmp" }, 'kind: expected one of tcp, udp, got "icmp"'],
  [{ version: 2 }, "version: expected 3, got 2"],
  [{ tags: [] }, "tags: expected array to have >=1 items, got []"],
  [{ tags: ["a", "B"] }, 'tags.1: expected small letters, got "B"'],
  [{ colour: 1, shape: "x" }, "colour: unknown key, with the value 1"],
])("%j is told as %s", (change, told) => {
  const value = { ...good, ...change };
  const { error } = schema.safeParse(value);
  expect(error && describeMisfits(error, value).split("\n")[0]).toBe(told);
});

test("a value that is something else altogether, and many misfits, stay short", () => {
  const nothing = schema.safeParse(undefined);
  expect(nothing.error && describeMisfits(nothing.error, undefined)).toBe(
    "the whole: expected object, got nothing",
  );
  const empty = schema.safeParse({});
  expect(empty.error && misfitsOf(empty.error, {})).toHaveLength(5);
  expect(empty.error && describeMisfits(empty.error, {}, 2)).toMatch(/^name: .*\nport: .*\nand 3 more$/);
  const long = { ...good, name: { x: "x".repeat(500) } };
  const { error } = schema.safeParse(long);
  expect(error && describeMisfits(error, long)).toMatch(/^name: expected string, got \{"x":"x{114}…$/);
});
