import { isDeepStrictEqual } from "node:util";
import { until } from "#harness/core/async/poll.ts";
import { didNotCome } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { readNamespace } from "#harness/host/runner/runner.ts";
import { readRuleset } from "./chain/ruleset.ts";

/** What the suite makes itself; it is not a leak of the plugin. */
const ours = /^(?:link|address|route) .*\bncx[a-z]?\d*\b/;

/** How the lines of each section are told; what is the kernel's own, or a counter, is dropped. */
const readers: Record<string, (lines: readonly string[]) => (string | undefined)[]> = {
  link: (lines) => lines.map((line) => /^\d+: ([^:@]*)/.exec(line)?.[1]),
  address: (lines) =>
    lines.map((line) => {
      const [, device, , cidr] = line.split(/\s+/);
      return cidr?.startsWith("fe80:") ? undefined : `${device} ${cidr}`;
    }),
  route: (lines) =>
    lines
      .flatMap(hopsOf)
      .map((line) =>
        /\b(local|broadcast|multicast|anycast)\b|fe80::|ff00::/.test(line)
          ? undefined
          : line.replace(/ (linkdown|dead|metric \d+|pref \w+)\b/g, ""),
      ),
  rule: (lines) => lines.map(ruleOf),
  rule6: (lines) => lines.map(ruleOf),
  shaper: (lines) => lines.filter((line) => !/noqueue|pfifo_fast/.test(line)),
  filter: (lines) => [...lines],
  process: (lines) => [...lines],
  sysctl: (lines) => [...lines],
  nft: readRuleset,
  iptables: readTables,
  ip6tables: readTables,
  file: (lines) => [...lines],
  // Daemons write in their files all the time: only that these are there is told.
  kept: (lines) => lines.map((path) => path.replace(/^run/, "/run").replace(/^lib/, "/var/lib/cni")),
};

/** The section of a line of `ip -o`, which prints four of them in a row. */
function sectionOf(line: string): string {
  if (/^\d+: [^ ]+: </.test(line)) return "link";
  if (/^\d+: \S+ +inet6? /.test(line)) return "address";
  return /^\d+:\t/.test(line) ? "rule" : "route";
}

/** A route over several next hops, as it would read for each alone: two routes of IPv6 that differ in the hop become one, and one again. */
function hopsOf(line: string): string[] {
  const [head = "", ...hops] = line.split(/\s*\\?\s+nexthop /);
  const [to, ...attributes] = head.split(" ");
  return hops.length === 0
    ? [line]
    : hops.map((hop) => [to, hop.replace(/ weight \d+/, "").trim(), ...attributes].join(" "));
}

function ruleOf(line: string): string {
  return line.replace(/^\d+:\s*/, "");
}

/** Rules and chains with their table. A chain that a table is born with is none of anybody's, as long as it lets everything pass. */
function readTables(lines: readonly string[]): string[] {
  let table = "";
  return lines.flatMap((line) => {
    if (line.startsWith("*")) table = line.slice(1);
    if (!/^[-:]/.test(line) || /^:[A-Z]+ ACCEPT\b/.test(line)) return [];
    return [`${table} ${line.replace(/ \[\d+:\d+\]/, "")}`];
  });
}

/**
 * What is set in a network namespace and in a state folder, one line per thing, as often as it is there: links, addresses, routes, rules,
 * shapers and their filters, processes, settings of the kernel, firewall and NAT rules, lines of files in the folder, and which files there are
 * in the place's `/run` and `/var/lib/cni`. Sorted, without counters, without what the suite made.
 */
export async function readState(host: Host, netns: string, folder: string): Promise<string[]> {
  const output = await readNamespace(host, pathOf(netns), folder);
  return parseState(output).filter((line) => !ours.test(line) && line !== "link lo");
}

let empty: Promise<string[]> | undefined;

/** What a namespace has from the start is the same in all of them: it is read once. */
export function readEmptyState(host: Host, netns: string, folder: string): Promise<string[]> {
  empty ??= readState(host, netns, folder).catch((error: unknown) => {
    empty = undefined;
    throw error;
  });
  return empty;
}

/** As `readState`, of the inside of a container; with MTU and MAC, which a plugin may have to put back. */
export async function readContainerState(host: Host, netns: string): Promise<string[]> {
  const output = await readNamespace(host, pathOf(netns));
  const settings = [...output.matchAll(/^\d+: ([^:@]*).* (mtu \d+).*link\/\w+ (\S+)/gm)];
  return [
    ...parseState(output),
    ...settings.map(([, name, mtu, mac]) => `link ${name} ${mtu} mac ${mac}`),
  ].sort();
}

const pathOf = (netns: string) => `/run/netns/${netns}`;

/** What `readNamespace` has read, each line with its section before it, sorted. */
export function parseState(output: string): string[] {
  const sections = new Map<string, string[]>();
  let heading: string | undefined;
  for (const line of output.split("\n")) {
    const next = /^=== (\w+)$/.exec(line)?.[1];
    if (next) heading = next;
    else if (line.trim() !== "") {
      const section = heading ?? sectionOf(line);
      const lines = sections.get(section);
      if (lines) lines.push(line.trim());
      else sections.set(section, [line.trim()]);
    }
  }
  return [...sections]
    .flatMap(([name, lines]) =>
      (readers[name]?.(lines) ?? []).flatMap((told) =>
        told === undefined ? [] : [`${name} ${told.trim()}`],
      ),
    )
    .sort();
}

/** Lines of `after` that are not in `before`, or more often than there. */
export function additions(after: readonly string[], before: readonly string[]): string[] {
  const known = new Map<string, number>();
  for (const line of before) known.set(line, (known.get(line) ?? 0) + 1);
  return after.filter((line) => {
    const times = known.get(line) ?? 0;
    known.set(line, times - 1);
    return times <= 0;
  });
}

/**
 * What is there beyond `infrastructure`, once nothing of it is going any more; without one, once nothing changes. The kernel takes
 * a namespace's interfaces down after the namespace is gone.
 */
export async function whatStays(
  read: () => Promise<string[]>,
  infrastructure?: readonly string[],
): Promise<string[]> {
  let left: string[] | undefined;
  try {
    await until({ what: "what is going to be gone", deadlineMs: 2_000 }, async () => {
      const before = left;
      left = additions(await read(), infrastructure ?? []);
      const waiting = left.some((line) => /^(link|address|route|shaper|filter|process) /.test(line));
      return !waiting || (infrastructure === undefined && isDeepStrictEqual(left, before));
    });
  } catch (error) {
    if (!didNotCome(error)) throw error;
  }
  return left ?? [];
}
