import type { Host } from "#harness/host/host.ts";
import type { ProgramNamespaces } from "#harness/host/runner/runner.ts";
import { quote } from "#harness/host/shell.ts";

/** What the namespaces of a place are called, with the number of the process that made them. */
export const placePrefix = `nccni-${process.pid}-`;

/** Where one testbed is on the host: a network namespace, a folder, and how a command gets there. */
export interface Place {
  /** Network namespace, below `/run/netns`. */
  readonly name: string;
  readonly folder: string;
  /** argv in front of a command that runs there. */
  readonly enter: readonly string[];
}

/**
 * `place`: a network namespace of its own, and a mount namespace in which `/run` and `/var/lib/cni` are in the folder, so that neither places nor
 * the machine meet there. A process holds the mount namespace: what enters it mounts nothing, and with that process it is gone.
 * `machine`: the machine's own namespaces.
 */
export type PlaceKind = "place" | "machine";

export function placeCalled(name: string, kind: PlaceKind): Place {
  const folder = `/tmp/${name}`;
  return { name, folder, enter: kind === "machine" ? [] : [`${folder}/enter`] };
}

/** A shell line behind those that make it: prints the number of the process that holds it. */
export const tellingHolder = 'echo "$holder"';

/** Where its `enter` leads to, by the number of the process that holds it. */
export function namespacesOf({ name, enter }: Place, holder: string): ProgramNamespaces | undefined {
  if (enter.length === 0) return undefined;
  return { netns: `/run/netns/${name}`, mountns: `/proc/${holder}/ns/mnt` };
}

/** Shell lines that make it. */
export function linesToMake({ name, folder }: Place, kind: PlaceKind): string[] {
  const data = `mkdir -p ${folder}/data`;
  // Under a name of its own, so that every line finds it as it finds a place.
  if (kind === "machine") return [data, `ip netns attach ${name} $$`];
  return [
    `${data} ${folder}/run/netns ${folder}/lib /var/lib/cni`,
    `ip netns add ${name}`,
    `ip -n ${name} link set lo up`,
    `printf '%s none rbind\\n' '/run/netns ${folder}/run/netns' '${folder}/run /run' '${folder}/lib /var/lib/cni' >${folder}/fstab`,
    // It tells its number when everything is mounted, and holds the output no longer than that.
    `holder=$(ip netns exec ${name} sh -c ${quote(linesToHold(folder))} </dev/null 2>${folder}/held.log &)`,
    `{ [ "$holder" ] || { cat ${folder}/held.log >&2; exit 1; }; }`,
    `printf '#!/bin/sh\\nexec nsenter --net=/run/netns/${name} --mount=/proc/%s/ns/mnt -- "$@"\\n' "$holder" >${folder}/enter`,
    `chmod +x ${folder}/enter`,
  ];
}

function linesToHold(folder: string): string {
  return `mount -a -T ${folder}/fstab && echo $$ && exec sleep infinity >/dev/null`;
}

/** A line that may leave processes behind: they must not keep hold of what somebody waits for. Its words are told where it fails. */
export function startingDaemons(line: string, log: string): string {
  return `sh -ec ${quote(line)} </dev/null >${log} 2>&1 || { code=$?; cat ${log} >&2; exit $code; }`;
}

/** Shell lines that remove it, with its containers' namespaces and whatever runs in it. */
export function linesToRemove({ name, folder }: Place, containers: readonly string[]): string[] {
  // A plugin may have put a plain file where a namespace was, which is no namespace to delete.
  const remove = (netns: string) =>
    `[ ! -e /run/netns/${netns} -a ! -L /run/netns/${netns} ] || ip netns del ${netns} 2>/dev/null || rm -f /run/netns/${netns}`;
  return [endProcesses(name), ...[name, ...containers].map(remove), `rm -rf ${folder}`];
}

/** Of the machine's own namespace everything stays, whatever it is called here. */
function endProcesses(name: string): string {
  return `[ /run/netns/${name} -ef /proc/self/ns/net ] || ip netns pids ${name} 2>/dev/null | xargs -r kill -9 2>/dev/null || true`;
}

/** Removes what runs that were killed have left, known by the number of their process. */
export async function sweepPlaces(host: Host): Promise<void> {
  const script = `
    { ip netns list | awk '{ print $1 }'; ls /tmp; } | sed -n 's/^\\(nccni-\\([0-9]*\\)-[0-9-]*\\)$/\\2 \\1/p' |
    while read -r pid name; do
      [ -d "/proc/$pid" ] && continue
      ${endProcesses("$name")}
      ip netns del "$name" 2>/dev/null || rm -f "/run/netns/$name"
      rm -rf "/tmp/$name"
    done; true`;
  await host.run(["sh", "-c", script]);
}
