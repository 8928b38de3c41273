/** Tables that iptables keeps in nftables: iptables-save tells what is in them. */
const ofIptables = /^table ip6? (?:filter|nat|mangle|raw|security) \{$/;

/**
 * A ruleset as `nft -s list ruleset` prints it, one line per table, chain, set, rule and element, each with where it is:
 * `table inet t chain c ip daddr 10.0.0.1 drop`.
 */
export function readRuleset(lines: readonly string[]): string[] {
  const told: string[] = [];
  const path: string[] = [];
  let elements: string[] | undefined;
  const place = () => path.join(" ");
  for (const line of lines) {
    if (elements || line.startsWith("elements = {")) {
      elements = [...(elements ?? []), line.replace(/^elements = \{/, "")];
      if (!line.endsWith("}")) continue;
      const all = elements.join(" ").replace(/\}$/, "").split(",");
      told.push(...all.map((one) => `${place()} element ${one.trim()}`));
      elements = undefined;
    } else if (line === "}") path.pop();
    else if (line.endsWith("{")) {
      path.push(ofIptables.test(line) ? "" : line.slice(0, -1).trim());
      told.push(place());
    } else if (!line.startsWith("#")) told.push(`${place()} ${line}`);
  }
  return told.filter((line) => line.startsWith("table "));
}
