import type { Duplex } from "node:stream";
import { z } from "zod";
import type { CniAnswer } from "#drivers/reference/cni/frontend.ts";
import { bothHalves } from "#harness/core/rpc/messages.ts";
import { checked, serveRpc } from "#harness/core/rpc/server.ts";
import type { CniCall } from "./request.ts";

const callShape = z.object({
  env: z.record(z.string(), z.string()),
  stdin: z.string(),
  /** Process of the executable on its node. */
  pid: z.number().int(),
});

interface CniMethods {
  call(given: z.input<typeof callShape>): CniAnswer;
}

/** Where the plugin's executable on a node finds the plugin. */
export const cniSocketPath = "/run/netconform/reference-cni.sock";

/** Answers the calls of the executable that arrive on a connection. */
export function serveCall(stream: Duplex, answer: (call: CniCall, pid: number) => Promise<CniAnswer>): void {
  const call = checked(callShape, ({ pid, ...call }) => answer(call, pid));
  serveRpc<CniMethods>(bothHalves(stream), { call });
}
