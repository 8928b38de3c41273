import { contains, isAddress, isCidr } from "#harness/core/ip.ts";
import { broken, type Context, type OutputFinding } from "#harness/tools/tutorial/compare/comparison.ts";

/** One address for another, which later commands then use: in the same subnet where a command of the text has given that. */
export function compareAddresses(
  who: string,
  expected: string,
  observed: string,
  context: Context,
): OutputFinding[] {
  context.learn(expected, observed);
  const subnet = context.subnets.find((one) => isCidr(one) && isAddress(expected) && contains(one, expected));
  if (subnet === undefined || (isAddress(observed) && contains(subnet, observed))) return [];
  return [broken(`${who}expected an address in ${subnet}, got ${observed}`)];
}
