import {
  broken,
  type Comparator,
  harmless,
  type OutputFinding,
} from "#harness/tools/tutorial/compare/comparison.ts";
import { compareAddresses } from "./address.ts";

interface Interface {
  readonly name: string;
  readonly address: string | undefined;
  readonly mtu: string | undefined;
}

const heads = [
  /^(?<name>[\w.@-]+?):?\s+(?:Link encap|flags=)/,
  // As ip(8) prints them, with the other end of a pair behind the @.
  /^\d+: (?<name>[\w.-]+)(?:@[\w.-]+)?: <[A-Z0-9_,-]*>/,
];

/** Reads the output of ifconfig, in the classic form and in the newer one, and of `ip address`. */
function readInterfaces(text: string): Interface[] {
  const blocks: { name: string; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const name = heads.map((head) => head.exec(line)?.groups?.name).find(Boolean);
    if (name === undefined) blocks.at(-1)?.lines.push(line);
    else blocks.push({ name, lines: [line] });
  }
  return blocks.map(({ name, lines }) => {
    const block = lines.join("\n");
    return {
      name,
      address: /inet (?:addr:)?(\d+\.\d+\.\d+\.\d+)/.exec(block)?.[1],
      mtu: /\bMTU:(\d+)/.exec(block)?.[1] ?? /\bmtu (\d+)/.exec(block)?.[1],
    };
  });
}

/** Every interface of the text is there, with an address where the text has one; MTUs are compared. */
export const compareInterfaces: Comparator = (expected, { output }, context) => {
  const shown = readInterfaces(expected.join("\n"));
  if (shown.length === 0) return undefined;
  const seen = new Map(readInterfaces(output).map((one) => [one.name, one]));
  return shown.flatMap(({ name, address, mtu }): OutputFinding[] => {
    const here = seen.get(name);
    if (!here) return [broken(`expected an interface ${name}, got ${[...seen.keys()].join(", ") || "none"}`)];
    if (address && !here.address) return [broken(`${name}: expected an address, got none`)];
    const other =
      address && here.address ? compareAddresses(`${name}: `, address, here.address, context) : [];
    return mtu === here.mtu
      ? other
      : [...other, harmless(`${name}: MTU ${mtu} in the text, ${here.mtu} here`)];
  });
};
