import { broken, type Comparator, harmless, type OutputFinding } from "./comparison.ts";
import { compareAddresses } from "./outputs/address.ts";
import { ipv4, linesOf, objectId, significant, volatileOut } from "./patterns.ts";

/** One id for another. */
export const compareId: Comparator = (expected, { output }) => {
  const [shown, ...rest] = significant(expected);
  if (shown === undefined || rest.length > 0 || !objectId.test(shown.trim())) return undefined;
  const seen = linesOf(output).at(-1)?.trim() ?? "";
  return objectId.test(seen) ? [] : [broken(`expected an id, got ${seen || "nothing"}`)];
};

/** One address for another, which later commands then use. */
export const compareAddress: Comparator = (expected, { output }, context) => {
  const [shown = "", ...rest] = significant(expected);
  const wanted = ipv4.exec(shown)?.[0];
  if (wanted === undefined || wanted !== shown.trim() || rest.length > 0) return undefined;
  const seen = ipv4.exec(output)?.[0];
  if (seen === undefined) return [broken(`expected an address, got ${output.trim() || "nothing"}`)];
  return compareAddresses("", wanted, seen, context);
};

const pair = /^\s*└?\s*([\w .()/#-]+?): (.*)$/;
const countedKeys = /^nodes$/i;
const leastShared = 0.2;

/** Lines `Key: value`, as `docker info` prints them: numbers of nodes must agree, other differences are told. */
export const comparePairs: Comparator = (expected, { output }) => {
  const read = (lines: readonly string[]) =>
    new Map(
      lines.flatMap((line) => (pair.exec(line) ? [pair.exec(line)!.slice(1, 3) as [string, string]] : [])),
    );
  const shown = read(expected);
  if (shown.size < 5 || shown.size < expected.length / 2) return undefined;
  const seen = read(output.split("\n"));
  const missing = [...shown.keys()].filter((key) => !seen.has(key));
  const findings: OutputFinding[] = [];
  for (const [key, value] of shown) {
    const here = seen.get(key);
    if (!countedKeys.test(key) || here === value) continue;
    findings.push(broken(`${key}: expected ${value}, got ${here ?? "no such line"}`));
  }
  if (missing.length > shown.size * (1 - leastShared)) {
    findings.push(
      broken(`of ${shown.size} lines that the text shows, ${shown.size - missing.length} are there`),
    );
  } else if (missing.length > 0) findings.push(harmless(`not there any more: ${missing.join(", ")}`));
  return findings;
};

/** Words that say something, without addresses, ids, times and numbers. */
function wordsOf(lines: readonly string[]): Set<string> {
  const text = lines.join(" ").replaceAll(new RegExp(ipv4, "g"), " ").toLowerCase();
  return new Set((text.match(/[a-z][\w-]{2,}/g) ?? []).filter((word) => !objectId.test(word)));
}

const enough = 0.5;

/** Any other text: the same but for addresses, ids and numbers, or at least half of its words. */
export const compareText: Comparator = (expected, { output }, context) => {
  const [shown, seen] = [significant(expected), linesOf(output)];
  if (seen.length === 0) return [broken(`expected output, got none: ${shown[0]}`)];
  const plain = (lines: readonly string[]) =>
    lines.map((line) => line.replaceAll(/\s+/g, " ").trim()).join("\n");
  if (plain(shown) === plain(seen)) return [];
  if (volatileOut(plain(shown)) === volatileOut(plain(seen))) return [];
  const [wanted, here] = [wordsOf(shown), wordsOf(seen)];
  const shared = [...wanted].filter((word) => here.has(word)).length;
  const alike = wanted.size > 0 && shared / wanted.size >= enough;
  const text = `expected "${shown[0]}"${shown.length > 1 ? " …" : ""}, got "${seen[0]}"${seen.length > 1 ? " …" : ""}`;
  return [alike || context.replaced ? harmless(text) : broken(text)];
};
