import { z } from "zod";

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
});

const resultAddress = z.looseObject({
  /** CIDR. */
  address: z.string(),
  gateway: z.string().optional(),
  /** Index into `interfaces`. */
  interface: z.number().int().optional(),
});

const resultRoute = z.looseObject({ dst: z.string(), gw: z.string().optional() });

/** What ADD answers, from 0.3.1 to 1.1.0 (specification, section 5, "ADD Success"). */
export const addResultSchema = z.looseObject({
  cniVersion: z.string(),
  interfaces: z.array(resultInterface).optional(),
  ips: z.array(resultAddress).optional(),
  routes: z.array(resultRoute).nullish(),
  dns: z.looseObject({ nameservers: z.array(z.string()).nullish() }).optional(),
});
export type AddResult = z.infer<typeof addResultSchema>;

/** What VERSION answers. */
export const versionResultSchema = z.looseObject({
  cniVersion: z.string(),
  supportedVersions: z.array(z.string()).min(1),
});
export type VersionResult = z.infer<typeof versionResultSchema>;

/** The value of a text that is JSON, or why it is not. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  if (text.trim() === "") return { ok: false, reason: "nothing" };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
