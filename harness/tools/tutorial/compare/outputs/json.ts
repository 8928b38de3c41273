import {
  broken,
  type Comparator,
  type Context,
  harmless,
  type OutputFinding,
} from "#harness/tools/tutorial/compare/comparison.ts";
import { ipv4, mac, objectId } from "#harness/tools/tutorial/compare/patterns.ts";
import { compareAddresses } from "./address.ts";

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Keys whose value is a statement of the text, not a circumstance of the machine. */
const facts = ["Name", "Driver", "Subnet", "EnableIPv6", "Internal", "encap", "tenant", "network", "pkt-tag"];

/** Everything that the text shows is there and means the same; what is new is told. Maps by id are compared by `Name`. */
export const compareJson: Comparator = (expected, { output }, context) => {
  const part = partOf(expected);
  const shown = part?.value ?? (/^\s*[[{]/.test(expected[0] ?? "") ? parse(expected.join("\n")) : undefined);
  if (shown === undefined) return undefined;
  const whole = parse(output);
  if (whole === undefined) return [broken("expected JSON, got something else")];
  const seen = part === undefined ? whole : find(whole, part.key);
  if (seen === undefined) return [broken(`expected "${part?.key}" somewhere in it, got none`)];
  const further: string[] = [];
  const findings = compareValues("", shown, seen, context, further);
  const more = further.length > 0 ? [harmless(`further here: ${[...new Set(further)].join(", ")}`)] : [];
  return [...findings, ...more];
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A part of an output, as texts show it that leave the rest out: `"key": value` alone. */
function partOf(lines: readonly string[]): { key: string; value: unknown } | undefined {
  if (!/^\s*"[^"]+":/.test(lines[0] ?? "")) return undefined;
  const [first] = Object.entries(parse(`{${lines.join("\n").trim().replace(/,$/, "")}}`) ?? {});
  return first === undefined ? undefined : { key: first[0], value: first[1] };
}

/** The value of the key that is nearest to the top, depth first. */
function find(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((item) => find(item, key)).find((one) => one !== undefined);
  if (!isFields(value)) return undefined;
  return value[key] ?? find(Object.values(value), key);
}

type JsonFields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is JsonFields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function compareValues(
  path: string,
  shown: unknown,
  seen: unknown,
  context: Context,
  further: string[],
): OutputFinding[] {
  if (Array.isArray(shown) && Array.isArray(seen)) {
    const findings = shown.flatMap((item, index) =>
      index < seen.length
        ? compareValues(path, item, seen[index], context, further)
        : [harmless(`${path}: the text has more`)],
    );
    return findings;
  }
  if (isFields(shown) && isFields(seen)) {
    const ids = [...Object.keys(shown), ...Object.keys(seen)];
    if (ids.length > 0 && ids.every((key) => objectId.test(key) || key.startsWith("lb-"))) {
      return compareById(path, shown, seen, context);
    }
    further.push(
      ...Object.keys(seen)
        .filter((key) => !Object.hasOwn(shown, key))
        .map((key) => join(path, key)),
    );
    return Object.entries(shown).flatMap(([key, value]) => {
      const where = join(path, key);
      if (!Object.hasOwn(seen, key)) return [harmless(`${where} is not there any more`)];
      return compareValues(where, value, seen[key], context, further);
    });
  }
  return compareScalars(path, shown, seen, context);
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function compareById(path: string, shown: JsonFields, seen: JsonFields, context: Context): OutputFinding[] {
  const named = (fields: JsonFields) =>
    new Map(
      Object.values(fields)
        .filter(isFields)
        .map((one) => [String(one.Name ?? ""), one]),
    );
  const here = named(seen);
  return [...named(shown)].flatMap(([name, one]): OutputFinding[] => {
    if (name === "" || context.foreign(name)) return [];
    const other = here.get(name);
    if (other) return compareValues(`${path}.${name}`, one, other, context, []);
    const known = context.made.get(name);
    // An engine lists the containers of its own; the text's plugin listed those of all nodes.
    if (known?.succeeded && shown && context.plugin === "none")
      return [broken(`${path}: expected ${name}, got ${[...here.keys()].join(", ") || "none"}`)];
    return [
      harmless(
        `${path}: the text shows ${name}, here are ${[...here.keys()].filter(Boolean).join(", ") || "none"}`,
      ),
    ];
  });
}

function compareScalars(path: string, shown: unknown, seen: unknown, context: Context): OutputFinding[] {
  if (Object.is(shown, seen)) return [];
  const key = path.split(".").at(-1) ?? "";
  const [expected, observed] = [shown, seen].map((value) =>
    typeof value === "string" ? value : JSON.stringify(value),
  );
  if (expected === undefined || observed === undefined) return [];
  const text = `${path}: expected ${expected || "nothing"}, got ${observed || "nothing"}`;
  if ([objectId, mac, time].some((form) => form.test(expected) && form.test(observed))) return [];
  if (context.equivalent(expected, observed)) return [harmless(text)];
  const addresses = [ipv4.exec(expected)?.[0], ipv4.exec(observed)?.[0]];
  if (addresses[0] && addresses[1] && key !== "Subnet") {
    return compareAddresses(`${path}: `, addresses[0], addresses[1], context);
  }
  if (addresses[0] && !addresses[1]) return [broken(text)];
  const stated =
    key === "Subnet" ? context.given(expected) : facts.includes(key) && shown !== "" && shown !== null;
  return [stated ? broken(text) : harmless(text)];
}
