import { Refusal } from "#drivers/reference/model/refusal.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { type ResultOf, RpcError } from "#harness/core/rpc/messages.ts";
import { callSocket } from "#harness/core/rpc/socket.ts";
import { typed } from "#harness/core/typed.ts";
import type { AdminMethods, ArgumentsOf, MethodName } from "./methods.ts";

/** Nobody listens on the admin socket. */
export class NoPluginAnswers extends HarnessError {
  override name = "NoPluginAnswers";
}

/** Speaks to a running plugin's administration from any process. */
export class AdminClient {
  readonly socket: string;

  /** `socket` is the path of the admin socket. */
  constructor(socket: string) {
    this.socket = socket;
  }

  /** Calls a method. Throws `Refusal` with the plugin's message, or `NoPluginAnswers`. */
  async call<Name extends MethodName>(
    name: Name,
    given: ArgumentsOf<Name>,
  ): Promise<ResultOf<AdminMethods, Name>> {
    const lost = (reason: string, cause?: Error) =>
      new NoPluginAnswers(`no reference plugin answers at ${this.socket}: ${reason}`, {
        hint: `start it with: ${typed("reference serve")}`,
        cause,
      });
    try {
      return await callSocket<AdminMethods, Name>(this.socket, name, given, { lost });
    } catch (error) {
      if (error instanceof RpcError) throw new Refusal(error.message);
      throw error;
    }
  }
}
