import { broken, type Comparator } from "#harness/tools/tutorial/compare/comparison.ts";

const packet = /^\W*\d\d:\d\d:\d\d\.\d+ /;
/** What a line of tcpdump says that does not depend on addresses, ids and times. */
const features = [/\bvlan \d+/, /\bethertype [\w.]+/, /\bICMP echo \w+/, /\bVXLAN\b/, /\bUDP\b/];

/** A capture has packets of the kind that the text shows; without any in the text, that it listens is enough. */
export const compareCapture: Comparator = (expected, { output, code }) => {
  const shown = expected.filter((line) => packet.test(line));
  const seen = output.split("\n").filter((line) => packet.test(line));
  if (shown.length === 0) {
    if (/listening on/.test(output) || seen.length > 0) return [];
    return [
      broken(`expected tcpdump to listen, got ${code === undefined ? "nothing" : `exit status ${code}`}`),
    ];
  }
  if (seen.length === 0) return [broken("expected packets, got none")];
  const wanted = features.flatMap((feature) => [...new Set(shown.map((line) => feature.exec(line)?.[0]))]);
  const missing = wanted.filter((word) => word !== undefined && !seen.some((line) => line.includes(word)));
  return missing.map((word) => broken(`expected packets with "${word}", got none of them in ${seen.length}`));
};
