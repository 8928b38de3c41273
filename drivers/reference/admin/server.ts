import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import type { ReferenceService } from "#drivers/reference/service.ts";
import { type MethodName, methods } from "./methods.ts";

/**
 * The plugin's administration over HTTP on a unix socket: `POST /METHOD` with a JSON object of arguments, answered
 * by `{"result": …}`, or by `{"error": message}` with status 400.
 */
export async function serveAdmin(service: ReferenceService, path: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    try {
      const name = (request.url ?? "").slice(1);
      if (!Object.hasOwn(methods, name)) throw new Error(`there is no method "${name}"`);
      const { input, run } = methods[name as MethodName];
      const parsed = input.safeParse(await json(request));
      if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`);
      const result = await (run as (service: ReferenceService, given: unknown) => Promise<unknown>)(
        service,
        parsed.data,
      );
      response.end(JSON.stringify({ result: result ?? null }));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
    }
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return server;
}
