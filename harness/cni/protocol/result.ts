import { z } from "zod";
import { parseJson } from "#harness/core/text/json.ts";

/** An error object as a plugin reports it (specification, section 5, "Error"). */
export const cniErrorSchema = z.looseObject({
  cniVersion: z.string().optional(),
  code: z.number().int(),
  msg: z.string(),
  details: z.string().optional(),
});
export type CniError = z.infer<typeof cniErrorSchema>;

const resultInterface = z.looseObject({
  name: z.string(),
  mac: z.string().optional(),
  mtu: z.number().int().optional(),
  /** Network namespace path of a container interface; absent or empty for one on the host. */
  sandbox: z.string().optional(),
  socketPath: z.string().optional(),
  pciID: z.string().optional(),
});

const resultAddress = z.looseObject({
  /** CIDR. */
  address: z.string(),
  gateway: z.string().optional(),
  /** Index into `interfaces`. */
  interface: z.number().int().optional(),
});

const whole = z.number().int().optional();
const resultRoute = z.looseObject({
  ...{ dst: z.string(), gw: z.string().optional() },
  ...{ mtu: whole, advmss: whole, priority: whole, table: whole, scope: whole },
});
const texts = z.array(z.string()).nullish();

/** What ADD answers, from 0.3.1 to 1.1.0 (specification, section 5, "ADD Success"). */
export const addResultSchema = z.looseObject({
  cniVersion: z.string(),
  interfaces: z.array(resultInterface).optional(),
  ips: z.array(resultAddress).optional(),
  routes: z.array(resultRoute).nullish(),
  dns: z
    .looseObject({ nameservers: texts, domain: z.string().optional(), search: texts, options: texts })
    .optional(),
});
export type AddResult = z.infer<typeof addResultSchema>;

/** What VERSION answers. */
export const versionResultSchema = z.looseObject({
  cniVersion: z.string(),
  supportedVersions: z.array(z.string()).min(1),
});
export type VersionResult = z.infer<typeof versionResultSchema>;

/** What ADD printed as a value, or why it is no result. */
export function readAddResult(text: string): Read<AddResult> {
  return read(text, addResultSchema);
}

/** What VERSION printed as a value, or why it is none. */
export function readVersionResult(text: string): Read<VersionResult> {
  return read(text, versionResultSchema);
}

/** What a plugin printed as a value of that form, or why it is none. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

function read<T>(text: string, schema: z.ZodType<T>): Read<T> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = schema.safeParse(json.value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, reason: describeProblems(parsed.error) };
}

/** What a schema found wrong, in one line. */
export function describeProblems({ issues }: z.ZodError, most = 5): string {
  const told = issues
    .slice(0, most)
    .map((issue) => `${issue.path.map(String).join(".") || "top level"}: ${issue.message}`);
  return [...told, ...(issues.length > most ? [`and ${issues.length - most} more`] : [])].join("; ");
}
