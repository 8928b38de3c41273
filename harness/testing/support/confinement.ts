import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process of this machine, as far as /proc tells. */
export interface Seen {
  readonly pid: number;
  readonly environment: string;
  readonly command: string;
}

/** What listens over TCP, and what waits for datagrams over UDP, of the processes that `whose` names; e.g. `tcp 127.0.0.1:80 (nginx)`. */
export function listeningOf(whose: (process: Seen) => boolean): string[] {
  const open = new Map<string, string>();
  for (const file of ["tcp", "tcp6", "udp", "udp6"]) {
    for (const line of read(`/proc/net/${file}`).trim().split("\n").slice(1)) {
      const [, local = "", remote = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const waits = file.startsWith("tcp") ? state === "0A" : /^0+:0000$/.test(remote);
      if (waits) open.set(inode, `${file} ${local}`);
    }
  }
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const seen = {
      pid: Number(pid),
      environment: read(`/proc/${pid}/environ`),
      command: read(`/proc/${pid}/cmdline`),
    };
    if (!whose(seen)) return [];
    return socketsOf(pid).flatMap((inode) => {
      const socket = open.get(inode);
      return socket === undefined ? [] : `${socket} (${seen.command.replaceAll("\0", " ").trim()})`;
    });
  });
}

function socketsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = readlinkOr(`/proc/${pid}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [];
    });
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function readlinkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Of a process that has ended there is nothing to read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Runs a command where this machine's files can be read, and none be written but those below the folders before `--`; also not
 * those below the folder after it, which may be in one of the others. Kernel file systems are what they are. Ends with 9 where a
 * file can be made in that folder, or in the user's, all the same.
 */
export const readOnly = `
folders=
while [ "$1" != -- ]; do
  folders="$folders $1"
  mount --rbind "$1" "$1"
  shift
done
closed=$2
kept() { for folder in $folders /dev /proc /sys; do case $1 in "$folder" | "$folder"/*) return 0 ;; esac; done; return 1; }
while read -r _ point type _; do
  case $type in ext[234] | xfs | btrfs | overlay | tmpfs) kept "$point" || mount -o remount,bind,ro "$point" || ! mountpoint -q "$point" ;; esac
done </proc/mounts
mount --bind "$closed" "$closed"
mount -o remount,bind,ro "$closed"
kept "$HOME" && open= || open=$HOME
for folder in "$closed" $open; do
  if touch "$folder/.probe" 2>/dev/null; then rm "$folder/.probe"; exit 9; fi
done
cd "$closed"
shift 2
exec "$@"`;
