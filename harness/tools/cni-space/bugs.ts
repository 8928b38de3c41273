import type { SpaceRun } from "./findings.ts";
import type { Choices } from "./option.ts";
import type { RowId } from "./walk/rows.ts";

/** A bug of the CNI project's plugins that somebody has reported or corrected, and how a configuration shows it. */
export interface KnownBug {
  /** Number of the issue or pull request, or the commit of the correction, in containernetworking/plugins. */
  readonly id: string;
  readonly what: string;
  readonly plugins: readonly string[];
  /** Values that a configuration has to have to show it. */
  readonly values: Choices;
  readonly row: RowId;
  /** How the verdict reads. */
  readonly reason: RegExp;
  /** Release with the correction; absent where there is none. */
  readonly correctedIn?: string;
}

const plugins = "https://github.com/containernetworking/plugins";

export const knownBugs: readonly KnownBug[] = [
  {
    id: "#733",
    what: "bridge forgets the name servers of its address manager",
    plugins: ["bridge"],
    values: { dns: "of ipam" },
    row: "option",
    reason: /name servers/,
    correctedIn: "1.2.0",
  },
  {
    id: "#779",
    what: "tuning takes the dot in an interface's name for a folder",
    plugins: ["tuning"],
    values: { sysctl: "IFNAME", interface: "with a dot" },
    row: "CNI-1",
    reason: /no such file or directory/,
    correctedIn: "1.2.0",
  },
  {
    id: "#782",
    what: "addresses that begin with a zero byte are no addresses for host-local",
    plugins: ["host-local"],
    values: { ranges: "begin with 0" },
    row: "CNI-1",
    reason: /ADD of host-local/,
    correctedIn: "1.2.0",
  },
  {
    id: "#810",
    what: "the masquerade rules stay when the namespace has gone before DEL",
    plugins: ["bridge", "ptp"],
    values: { ipMasq: "ipMasq" },
    row: "CNI-10d",
    reason: /when the namespace is gone, got .*POSTROUTING/,
  },
  {
    id: "#821",
    what: "portmap looks for IPv6 rules of a container that has no IPv6 address, and for IPv4 rules likewise",
    plugins: ["portmap"],
    values: {},
    row: "CNI-11a",
    reason: /CHECK of portmap/,
    correctedIn: "1.3.0",
  },
  {
    id: "#885",
    what: "CHECK of tuning reads a setting that is called IFNAME",
    plugins: ["tuning"],
    values: { sysctl: "IFNAME" },
    row: "CNI-11a",
    reason: /IFNAME/,
    correctedIn: "1.3.0",
  },
  {
    id: "#886",
    what: "CHECK misses the route that was given without a gateway and got one",
    plugins: ["bridge", "ptp", "macvlan", "host-device"],
    values: { routes: "without gw" },
    row: "CNI-11a",
    reason: /Expected Route .* not found/,
    correctedIn: "1.3.0",
  },
  {
    id: "#950",
    what: "everybody on the host can read the leases of host-local",
    plugins: ["host-local"],
    values: {},
    row: "option",
    reason: /mode 600/,
    correctedIn: "1.4.0",
  },
  {
    id: "#954",
    what: "DEL of macvlan fails when the master has gone",
    plugins: ["macvlan"],
    values: {},
    row: "CNI-9b",
    reason: /DEL of macvlan/,
    correctedIn: "1.4.0",
  },
  {
    id: "#974",
    what: "macvlan does not announce IPv6 addresses that have moved",
    plugins: ["macvlan"],
    values: { family: "IPv6" },
    row: "option",
    reason: /ndisc_notify/,
    correctedIn: "1.4.0",
  },
  {
    id: "#1221",
    what: "CHECK of bandwidth crashes where no rates are given",
    plugins: ["bandwidth"],
    values: { rates: "none" },
    row: "CNI-2c",
    reason: /CHECK of bandwidth: a Go panic/,
    correctedIn: "1.9.1",
  },
];

/** Where it can be read; a commit has no number. */
export function addressOfBug({ id }: KnownBug): string {
  return id.startsWith("#") ? `${plugins}/issues/${id.slice(1)}` : `${plugins}/commit/${id}`;
}

/** Where a run has shown a bug. */
export interface SeenBug {
  readonly bug: KnownBug;
  readonly seen: readonly { readonly generation: string; readonly configurations: readonly string[] }[];
}

/** The bugs that at least one generation shows. */
export function seenBugs(runs: readonly SpaceRun[]): SeenBug[] {
  return knownBugs.flatMap((bug) => {
    const seen = runs.flatMap(({ generation, walked }) => {
      const showing = walked.filter(
        ({ plugin, choices, verdicts }) =>
          bug.plugins.includes(plugin) &&
          Object.entries(bug.values).every(([option, value]) => choices[option] === value) &&
          verdicts[bug.row]?.outcome === "failed" &&
          verdicts[bug.row]?.reasons.some((reason) => bug.reason.test(reason)),
      );
      return showing.length > 0 ? [{ generation, configurations: showing.map(({ name }) => name) }] : [];
    });
    return seen.length > 0 ? [{ bug, seen }] : [];
  });
}
