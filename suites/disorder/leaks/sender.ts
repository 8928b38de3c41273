import type { FirstProcess } from "./first-process.ts";

/** What a sender sends, and to whom. */
export interface SenderSpec {
  readonly name: string;
  readonly group?: string | undefined;
  /** Of each IP packet: an echo request every millisecond to every target. */
  readonly bytes: number;
  /** IPv4 addresses. */
  readonly targets: readonly string[];
}

/** Of an IP packet that carries an echo request, beside its data. */
export const headerBytes = 28;

/** busybox has it as Debian has it, and so it runs in the container as on the node. Its first argument is the number of bytes of data. */
const send = `
size=$1
shift
started=
for target; do ping -q -i 0.001 -s "$size" "$target" >/dev/null 2>&1 & started="$started $!"; done
`;

/** A process that sends, from its first instruction on. */
export function sender({ name, group, bytes, targets }: SenderSpec): FirstProcess {
  return { name, group, script: send, args: [String(bytes - headerBytes), ...targets] };
}
