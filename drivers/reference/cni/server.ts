import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { z } from "zod";
import type { CniAnswer } from "./frontend.ts";
import type { CniCall } from "./request.ts";

const callShape = z.object({
  env: z.record(z.string(), z.string()),
  stdin: z.string(),
  /** Process of the executable on its node. */
  pid: z.number().int(),
});

/** Where the plugin's executable on a node finds the plugin. */
export const cniSocketPath = "/run/netconform/reference-cni.sock";

/**
 * Answers the call that arrives on a connection: one line of JSON each way, `{env, stdin, pid}` and `{code, stdout}`. A line
 * that is no call, and a runtime that gave up, end the connection.
 */
export function serveCall(stream: Duplex, answer: (call: CniCall, pid: number) => Promise<CniAnswer>): void {
  stream.on("error", () => {});
  const lines = createInterface({ input: stream });
  lines.once("line", (line) => {
    lines.close();
    Promise.resolve()
      .then(() => {
        const { pid, ...call } = callShape.parse(JSON.parse(line));
        return answer(call, pid);
      })
      .then(
        (answered) => stream.end(`${JSON.stringify(answered)}\n`),
        () => stream.destroy(),
      );
  });
}
