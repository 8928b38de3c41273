import { request } from "node:http";
import { text } from "node:stream/consumers";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { ArgumentsOf, MethodName, ResultOf } from "./methods.ts";

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
  async call<Name extends MethodName>(name: Name, given: ArgumentsOf<Name>): Promise<ResultOf<Name>> {
    const answer = await this.#post(name, JSON.stringify(given));
    const { result, error } = JSON.parse(answer) as { result?: ResultOf<Name>; error?: string };
    if (error !== undefined) throw new Refusal(error);
    return result as ResultOf<Name>;
  }

  #post(name: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.socket, path: `/${name}`, method: "POST" }, (response) => {
        text(response).then(resolve, reject);
      });
      call.on("error", (cause) => {
        reject(
          new NoPluginAnswers(`no reference plugin answers at ${this.socket}: ${cause.message}`, {
            hint: "start it with: npm run reference -- serve",
            cause,
          }),
        );
      });
      call.end(body);
    });
  }
}
