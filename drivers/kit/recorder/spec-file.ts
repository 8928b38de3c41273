import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";

/** Where a plugin listens. */
export type PluginAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

const jsonSpec = z.looseObject({ Addr: z.string(), TLSConfig: z.unknown().optional() });
const expected = "an address unix:///PATH or tcp://HOST:PORT";

/**
 * What a `.spec` file (an address) or a `.json` file (`Addr`) says of where its plugin is, and the same file with another
 * address. Throws `UsageError` that names the file, also for a plugin behind TLS, which cannot be recorded.
 */
export function readSpec(
  file: string,
  text: string,
): { readonly address: PluginAddress; readonly withAddress: (address: string) => string } {
  if (!file.endsWith(".json")) {
    return { address: addressIn(file, text.trim()), withAddress: (address) => `${address}\n` };
  }
  const json = parseJson(text);
  if (!json.ok) throw new UsageError(`${file} is no JSON: ${json.reason}`);
  const spec = jsonSpec.safeParse(json.value);
  if (!spec.success) throw new UsageError(`${file}: expected a JSON object with Addr, ${expected}`);
  if (spec.data.TLSConfig) throw behindTls(file);
  return {
    address: addressIn(file, spec.data.Addr),
    withAddress: (address) => `${JSON.stringify({ ...spec.data, Addr: address })}\n`,
  };
}

function addressIn(file: string, text: string): PluginAddress {
  const url = URL.parse(text);
  if (url?.protocol === "https:") throw behindTls(file);
  if (url?.protocol === "unix:" && url.pathname.startsWith("/")) {
    const path = decoded(url.pathname);
    if (path !== undefined) return { kind: "unix", path };
  }
  if (url && ["tcp:", "http:"].includes(url.protocol) && url.hostname) {
    const port = Number(url.port || 80);
    return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port };
  }
  throw new UsageError(`${file}: expected ${expected}, got ${text.slice(0, 120) || "nothing"}`);
}

function behindTls(file: string): UsageError {
  return new UsageError(`${file}: expected a plugin without TLS, which a recorder could not read`, {
    hint: "let the plugin listen at a unix socket for the run",
  });
}

/** A path without its percent signs; `undefined` where they stand for no text. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
