import { z } from "zod";
import { errorIn } from "#drivers/kit/netctl/messages.ts";
import { HarnessError, Nonconformance } from "#harness/core/errors.ts";
import type { ExecResult, Host } from "#harness/host/host.ts";

/** Where the control utility is and whom it talks to. */
export interface NetctlPlace {
  /** Program on the node, e.g. `/opt/bin/netctl`. */
  readonly program: string;
  /** REST endpoint of netmaster, e.g. `http://192.168.2.10:9999`. */
  readonly netmaster: string;
}

/** netmaster does not answer: whether it ended is for its owner to find out. */
export class NetmasterSilent extends HarnessError {
  override name = "NetmasterSilent";
}

const inspected = z.object({
  Oper: z
    .object({
      externalPktTag: z.number().optional(),
    })
    .optional(),
});

/** Contiv's control utility, run on a node the way the tutorial does. */
export class ContivNetctl {
  readonly #node: Host;
  readonly #place: NetctlPlace;

  constructor(node: Host, place: NetctlPlace) {
    this.#node = node;
    this.#place = place;
  }

  /** e.g. `net ls -t blue`. Resolves to what it prints. Throws `Nonconformance` with Contiv's own words when it is refused. */
  async run(...argv: string[]): Promise<string> {
    const result = await this.exec(...argv);
    if (result.code === 0) return result.stdout;
    const output = `${result.stderr}\n${result.stdout}`;
    if (/dial tcp .*(connection refused|no such host|i\/o timeout)/.test(output)) {
      throw new NetmasterSilent(
        `netctl ${argv.join(" ")} on ${this.#node.name}: netmaster does not answer: ${errorIn(output)}`,
      );
    }
    throw new Nonconformance({
      who: `netctl ${argv.join(" ")}`,
      expected: "success",
      got: `${errorIn(output) || "no message"} (exit ${result.code})`,
    });
  }

  /** Runs it whatever comes of it. */
  exec(...argv: string[]): Promise<ExecResult> {
    const { program, netmaster } = this.#place;
    return this.#node.exec([program, ...argv], { env: { NETMASTER: netmaster } });
  }

  /** The VNI or VLAN of a network as it is on the wire, which netctl's listing does not tell for VXLAN: the REST API does. */
  async tagOf(tenant: string, network: string): Promise<number> {
    const key = encodeURIComponent(`${tenant}:${network}`);
    const url = `${this.#place.netmaster}/api/v1/inspect/networks/${key}/`;
    const answer = await this.#node.run([
      "curl",
      "--silent",
      "--show-error",
      "--fail",
      "--max-time",
      "10",
      url,
    ]);
    return inspected.parse(JSON.parse(answer)).Oper?.externalPktTag ?? 0;
  }
}
