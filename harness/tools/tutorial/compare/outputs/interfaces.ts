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

/** Reads ifconfig's output, in the classic form and in the newer one. */
function readInterfaces(text: string): Interface[] {
  return text.split(/\n(?=\S)/).flatMap((block) => {
    const name = /^([\w.@-]+?):?\s+(?:Link encap|flags=)/.exec(block)?.[1];
    if (name === undefined) return [];
    return [
      {
        name,
        address: /inet (?:addr:)?(\d+\.\d+\.\d+\.\d+)/.exec(block)?.[1],
        mtu: /\bMTU:(\d+)/.exec(block)?.[1] ?? /\bmtu (\d+)/.exec(block)?.[1],
      },
    ];
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
