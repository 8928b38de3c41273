import { Duplex } from "node:stream";
import type { Host } from "#harness/host/host.ts";

/** Carries its input to a TCP address and what comes back to its output; ends with the far end. */
const relay = `
import socket, sys, threading
far = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def forth():
    while data := sys.stdin.buffer.read1(65536): far.sendall(data)
    far.shutdown(socket.SHUT_WR)
threading.Thread(target=forth, daemon=True).start()
while data := far.recv(65536):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
`;

/** A connection to a TCP address as a node reaches it, by a process on the node. */
export async function connectTcp(node: Pick<Host, "spawn">, host: string, port: number): Promise<Duplex> {
  const { stdin, stdout, stderr, exit } = await node.spawn(["python3", "-c", relay, host, String(port)]);
  stderr.resume();
  const stream = Duplex.from({ writable: stdin, readable: stdout });
  exit.catch((error: Error) => stream.destroy(error));
  return stream;
}
