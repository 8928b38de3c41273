import fc from "fast-check";

/** Any JSON value but one of a kind that is right. */
export function valueBut(...right: ("text" | "number" | "flag" | "list" | "object" | "null")[]) {
  const kinds = {
    text: fc.string(),
    number: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    flag: fc.boolean(),
    list: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
    object: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
    null: fc.constant(null),
  };
  const wrong = Object.entries(kinds).flatMap(([kind, made]) =>
    right.includes(kind as keyof typeof kinds) ? [] : [made as fc.Arbitrary<unknown>],
  );
  return fc.oneof(...wrong);
}

/** Texts that no parser takes for an address with a prefix length; none of them is empty. */
export const noCidr: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "10.1.0.7",
    "10.1.0.7/",
    "/24",
    "10.1.0.7/33",
    "10.1.0/24",
    "10.1.0.256/24",
    "10.1.0.7/24/24",
  ),
  fc.constantFrom(
    "10.1.0.7/-1",
    "10.1.0.7/x",
    "10.1.0.7/24 ",
    " 10.1.0.7/24",
    "10.1.0.7/24\n",
    "10.1.0.7/2 4",
  ),
  fc.constantFrom(
    "fd00::1",
    "fd00::1/129",
    "fd00::1%eth0/64",
    "fd00:::1/64",
    "1:2:3:4:5:6:7:8:9/64",
    "::/",
    ":/0",
  ),
  fc.string({
    unit: fc.constantFrom("g", "z", " ", "-", "\u0000", "\u00e9", "\ud83d\ude00"),
    minLength: 1,
    maxLength: 20,
  }),
  fc.string({ unit: fc.constantFrom("q", "w"), minLength: 5_000, maxLength: 5_000 }),
);

/** Texts that no parser takes for an address without one. */
export const noAddress: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "10.1.0.1/24",
    "10.1.0",
    "10.1.0.256",
    "10.1.0.1 ",
    "\t10.1.0.1",
    "fd00::g",
    "fd00:::1",
    "via",
  ),
  noCidr.filter((text) => !["10.1.0.7", "fd00::1"].includes(text)),
);

/** Texts that are not exactly one JSON object, in UTF-8. */
export const noObject: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "{",
    "}",
    "[]",
    "[{}]",
    "{}{}",
    "{} {}",
    "{},",
    "{}x",
    "null null",
    "nul",
    "0",
    "true",
    '"{}"',
  ),
  fc.constantFrom(
    "{'a':1}",
    '{"a":}',
    '{"a":1,}',
    '{"a":01}',
    '{"a":NaN}',
    '{"a":"\n"}',
    '{"a":1//\n}',
    "\ufeff{}",
    "\u00a0{}",
  ),
  fc.integer({ min: 501, max: 5_000 }).map((depth) => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`),
  fc.integer({ min: 1, max: 5_000 }).map((depth) => '{"a":'.repeat(depth)),
  fc
    .jsonValue()
    .filter(isNoObject)
    .map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ minLength: 1 }))
    .map(([object, after]) => `${JSON.stringify(object)}|${after}`),
  fc.string().filter((text) => !/^\s*[{n]/.test(text)),
);

function isNoObject(value: unknown): boolean {
  return typeof value !== "object" || Array.isArray(value);
}
