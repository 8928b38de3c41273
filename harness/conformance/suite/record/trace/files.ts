import { z } from "zod";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { Packet } from "#harness/observe/capture/packet.ts";
import { PcapReader } from "#harness/observe/capture/pcap.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";

const exchangeSchema = z.looseObject({
  id: z.number(),
  plugin: z.string(),
  caller: z.string(),
  call: z.string(),
  request: z.string(),
  status: z.number().nullable(),
  answer: z.string().nullable(),
  failure: z.string().optional(),
  injected: z.string().optional(),
  startedAt: z.number(),
  endedAt: z.number(),
});

/** The exchanges in those files that are lines of them; other files have none. */
export function exchangesIn(files: readonly EvidenceFile[]): Exchange[] {
  return files
    .filter(({ name }) => name.endsWith(".jsonl"))
    .flatMap(({ content }) => String(content).split("\n").filter(Boolean))
    .flatMap((line) => {
      const read = exchangeSchema.safeParse(parse(line));
      return read.success ? [read.data as Exchange] : [];
    });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The packets of each capture; of a file that is none, nothing. */
export function packetsIn(files: readonly EvidenceFile[]): { file: string; packets: Packet[] }[] {
  return files
    .filter(({ name }) => name.endsWith(".pcap"))
    .map(({ name, content }) => ({ file: name, packets: decode(Buffer.from(content)) }));
}

function decode(content: Buffer): Packet[] {
  try {
    return new PcapReader().push(content);
  } catch {
    return [];
  }
}
