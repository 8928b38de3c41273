import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";

const headerBytes = 8;

/**
 * Takes apart what an engine sends of an attached container without a terminal: frames of a byte that is 1 (stdout) or 2
 * (stderr), three zeros, the length in four bytes, and the content (Docker Engine API, ContainerAttach). dockerode's own way reads
 * on while nobody takes what it has read, which a whole system would fill the memory with.
 */
export function takeApart(attached: Readable): { stdout: Readable; stderr: Readable } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  readFrames(attached, { 1: stdout, 2: stderr }).then(
    () => [stdout, stderr].map((stream) => stream.end()),
    (error: Error) => [stdout, stderr].map((stream) => stream.destroy(error)),
  );
  return { stdout, stderr };
}

async function readFrames(attached: Readable, to: Readonly<Record<number, PassThrough>>): Promise<void> {
  let header = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of attached as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = headerBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < headerBytes) break;
        left = header.readUInt32BE(4);
        if (left === 0) header = Buffer.alloc(0);
        continue;
      }
      const content = rest.subarray(0, left);
      rest = rest.subarray(left);
      const stream = to[header[0] ?? 0];
      if (!stream) throw new Error(`an attached container sent a frame of kind ${header[0]}`);
      if (!stream.write(content)) await once(stream, "drain");
      left -= content.length;
      if (left === 0) header = Buffer.alloc(0);
    }
  }
  if (left > 0 || header.length > 0) throw new Error("an attached container broke off within a frame");
}
