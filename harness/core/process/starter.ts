import { Socket } from "node:net";
import { takeStarter } from "#harness/core/settings/session.ts";

/**
 * Ends this process, as SIGTERM does, when the one that started it ends first, however that was. For processes that somebody started
 * who waits for them: the other end of the descriptor `NETCONFORM_STARTER` closes with the starter. Does nothing where there is none.
 */
export function endWithStarter(): void {
  const fd = takeStarter();
  if (fd === undefined) return;
  const starter = new Socket({ fd, readable: true, writable: false });
  starter.on("error", () => {});
  starter.once("close", () => process.kill(process.pid, "SIGTERM"));
  starter.resume();
  starter.unref();
}
