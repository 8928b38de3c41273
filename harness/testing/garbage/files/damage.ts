import fc from "fast-check";
import { noObject } from "#harness/testing/garbage/json.ts";

/** YAML that no reader of it may stumble over: it contains itself, names what is not there, or grows without end. */
const hostileYaml = [
  "a: &a [*a]",
  "&a {b: *a}",
  "nodes: *nobody",
  "? [a, b]\n: c",
  "a: 1\na: 2",
  "--- 1\n--- 2",
  "a: !!js/function >\n  x",
  "{".repeat(2_000),
  "- ".repeat(2_000),
  [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ..."bcdefghi".split("").map((name, index) => {
      const before = "abcdefghi"[index];
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(", ")}]`;
    }),
  ].join("\n"),
];

/** What somebody may find in place of a file that was right: cut, edited by mistake, or another file. */
export function damaged(sample: string): fc.Arbitrary<string> {
  const at = fc.integer({ min: 0, max: sample.length });
  return fc.oneof(
    at.map((end) => sample.slice(0, end)),
    fc
      .tuple(at, fc.integer({ min: 1, max: 30 }))
      .map(([from, length]) => sample.slice(0, from) + sample.slice(from + length)),
    fc
      .tuple(at, fc.string({ maxLength: 10, unit: "binary" }))
      .map(([from, more]) => sample.slice(0, from) + more + sample.slice(from)),
    fc
      .tuple(
        at,
        fc.constantFrom(
          '"',
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\n",
          "\t",
          "`",
          "```\n",
          "# x\n",
          "$ ",
          "|",
          "*a",
          "&a ",
          "%",
          "\\",
        ),
      )
      .map(([from, more]) => sample.slice(0, from) + more + sample.slice(from)),
    fc.tuple(at, at).map(([from, to]) => sample.slice(from) + sample.slice(0, to)),
    fc.string({ maxLength: 200, unit: "binary" }),
    noObject,
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.constantFrom(...hostileYaml),
    ...(isJson(sample) ? [withAnother(JSON.parse(sample))] : []),
  );
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

/** One value in it is another, or gone. */
function withAnother(sample: unknown): fc.Arbitrary<string> {
  const places = placesIn(sample);
  const made = fc.option(
    fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("", 0, -1, 1e300, "__proto__")),
    {
      nil: undefined,
    },
  );
  return fc.tuple(fc.nat(places.length - 1), made).map(([at, value]) => {
    const whole = structuredClone(sample) as Record<string, unknown>;
    const path = places[at] ?? [];
    const holder = path
      .slice(0, -1)
      .reduce<Record<string, unknown>>((now, key) => now[key] as Record<string, unknown>, whole);
    const last = path.at(-1) ?? "";
    if (value === undefined) delete holder[last];
    else holder[last] = value;
    return JSON.stringify(whole);
  });
}

function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...placesIn(inner, [...path, key]),
  ]);
}
