import { movedSocket } from "#harness/cnm/recorder/interpose.ts";
import type { Host } from "#harness/host/host.ts";

/** A recorder's own socket while a plugin makes its socket anew. */
const recorders = (socket: string) => `${socket}.proxy`;

/**
 * Makes room for a daemon that is about to listen at `socket`: a recorder's socket steps aside, or what a killed one left
 * there goes. Plugins remove whatever has their socket's name.
 */
export async function aside(node: Host, socket: string): Promise<void> {
  await node.run([
    ...["sh", "-c", 'if [ -S "$2" ]; then mv "$1" "$3"; elif [ -S "$1" ]; then rm "$1"; fi'],
    ...["sh", socket, movedSocket(socket), recorders(socket)],
  ]);
}

/** Puts a recorder's socket that stepped aside before the daemon's again. */
export async function between(node: Host, socket: string): Promise<void> {
  await node.run([
    ...["sh", "-c", 'if [ -S "$3" ]; then { [ ! -S "$1" ] || mv "$1" "$2"; } && mv "$3" "$1"; fi'],
    ...["sh", socket, movedSocket(socket), recorders(socket)],
  ]);
}
