import { z } from "zod";
import { parseJson } from "#harness/core/text/json.ts";

/** The configuration that a plugin got, as far as rules look at it. */
export const requestSchema = z.looseObject({
  type: z.string().optional(),
  cniVersion: z.string().optional(),
  name: z.string().optional(),
  prevResult: z.looseObject({ dns: z.looseObject({ domain: z.string().optional() }).optional() }).optional(),
  runtimeConfig: z.record(z.string(), z.unknown()).optional(),
});
export type Request = z.infer<typeof requestSchema>;

/** One call of a recording plugin, as the plugin saw it. Plain JSON. */
export interface RecordedCall {
  /** What its result, if it has one, has as `dns.domain`. */
  readonly id: string;
  readonly plugin: string;
  /** Path of the executable as it was called. */
  readonly path: string;
  /** `CNI_COMMAND`, or `(none)`. */
  readonly command: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** What is on stdin; `undefined` where it is no JSON object. */
  readonly request: Request | undefined;
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number;
  /** `undefined` when it was killed. */
  readonly endedAt: number | undefined;
  readonly code: number | undefined;
  readonly stdout: string;
  /** Inode of the network namespace that the plugin ran in. */
  readonly network: string;
  /** Inode of what is at CNI_NETNS; `undefined` where nothing is. */
  readonly target: string | undefined;
}

/** Files of one record, by name. */
export type RecordFiles = Readonly<Record<string, string | undefined>>;

/** The call that a record tells of; `undefined` for one that was ended before it had written down its environment. */
export function callOf(id: string, files: RecordFiles): RecordedCall | undefined {
  if (files.environ === undefined || files.stdin === undefined) return undefined;
  const env = Object.fromEntries(
    files.environ
      .split("\0")
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const json = parseJson(files.stdin);
  const request = json.ok ? requestSchema.safeParse(json.value) : undefined;
  const [network = "", target] = (files.namespaces ?? "").split("\n");
  return {
    id,
    plugin: files.plugin ?? "",
    path: files.path ?? "",
    command: env.CNI_COMMAND || "(none)",
    env,
    stdin: files.stdin,
    request: request?.success ? request.data : undefined,
    startedAt: Number(id.split("-")[0]) / 1e6,
    endedAt: files.ended === undefined ? undefined : Number(files.ended) / 1e6,
    code: files.code === undefined ? undefined : Number(files.code),
    stdout: files.stdout ?? "",
    network,
    target: target === "" ? undefined : target,
  };
}
