import { type ServedSocket, serveSocket } from "#harness/core/rpc/socket.ts";
import type { AdministeredService } from "./administered.ts";
import { type AdminMethods, adminMethods } from "./methods.ts";

/** Serves the plugin's administration on a unix socket. A method that throws refuses its call with the message. */
export function serveAdmin(service: AdministeredService, path: string): Promise<ServedSocket> {
  return serveSocket<AdminMethods>(path, adminMethods(service));
}
