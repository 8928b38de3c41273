import {
  broken,
  type Comparator,
  harmless,
  type OutputFinding,
} from "#harness/tools/tutorial/compare/comparison.ts";

interface Chain {
  readonly name: string;
  readonly rules: readonly { target: string; port: string | undefined; source: string }[];
}

/** Reads `iptables -L -n`. */
function readChains(lines: readonly string[]): Chain[] {
  const chains: { name: string; rules: { target: string; port: string | undefined; source: string }[] }[] =
    [];
  for (const line of lines) {
    const name = /^Chain (\S+) \(/.exec(line)?.[1];
    const [target = "", , , source = ""] = line.trim().split(/\s+/);
    if (name !== undefined) chains.push({ name, rules: [] });
    else if (!/^target\s+prot/.test(line))
      chains.at(-1)?.rules.push({ target, source, port: /\bdpts?:(\d+)/.exec(line)?.[1] });
  }
  return chains;
}

/** Every chain of the text is there; so are translation of the bridge's subnet and of every port that the text has published. */
export const compareFirewall: Comparator = (expected, { output }, context) => {
  const shown = readChains(expected);
  if (shown.length === 0) return undefined;
  const seen = readChains(output.split("\n").filter((line) => line.trim() !== ""));
  const rules = seen.flatMap((chain) => chain.rules);
  const findings: OutputFinding[] = [];
  for (const { name, rules: wanted } of shown) {
    const own = context.foreign(name);
    if (!own && !seen.some((chain) => chain.name === name))
      findings.push(broken(`expected a chain ${name}, got none`));
    for (const { target, port, source } of wanted) {
      if (own || context.foreign(target) || context.foreign(port ?? "")) continue;
      const like = rules.filter((rule) => rule.target === target && rule.port === port);
      if (target === "MASQUERADE" && port === undefined) {
        if (!like.some((rule) => rule.source.includes("/")))
          findings.push(broken("expected MASQUERADE of a subnet, got none"));
        else if (!like.some((rule) => rule.source === source))
          findings.push(harmless(`no MASQUERADE of ${source} here`));
      } else if (like.length === 0) {
        const severity = target === "DNAT" ? broken : harmless;
        findings.push(severity(`expected ${target}${port ? ` of port ${port}` : ""} in ${name}, got none`));
      }
    }
  }
  const further = seen
    .filter(({ name }) => !shown.some((chain) => chain.name === name))
    .map(({ name }) => name);
  if (further.length > 0) findings.push(harmless(`further chains here: ${further.join(", ")}`));
  return findings;
};
