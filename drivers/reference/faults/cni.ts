import { Egress, type EgressLink } from "#drivers/reference/cni/egress.ts";
import type { CniAnswer, CniFrontend } from "#drivers/reference/cni/frontend.ts";
import type { CniCall } from "#drivers/reference/cni/protocol/request.ts";
import type { ReferenceCniFaultName } from "#drivers/reference/faults/tables/cni.ts";
import { addressOf, formatAddress, parseCidr } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";

type Fields = Record<string, unknown>;

/** Answers as the faults that are on say, which is honestly while none is. What they do is in their table. */
export async function faultyAnswer(
  frontend: Pick<CniFrontend, "answer">,
  call: CniCall,
  faults: ReadonlySet<string>,
): Promise<CniAnswer> {
  if (faults.size === 0 || call.env.CNI_COMMAND !== "ADD") return frontend.answer(call);
  const on = (fault: ReferenceCniFaultName) => faults.has(fault);
  const stdin = alter(call.stdin, (config) => {
    const runtimeConfig = { ...(config.runtimeConfig as Fields | undefined) };
    if (on("cni-ports-ignored")) delete runtimeConfig.portMappings;
    if (on("cni-aliases-ignored")) delete runtimeConfig.aliases;
    const ips = runtimeConfig.ips as string[] | undefined;
    if (on("cni-asked-ipv6-ignored") && ips) runtimeConfig.ips = ips.filter((ip) => !ip.includes(":"));
    const { group, ...rest } = config;
    return {
      ...rest,
      ...(group === undefined || on("cni-group-ignored") ? {} : { group }),
      ...{ runtimeConfig },
      ...(on("cni-egress-ignored") ? { ipMasq: false } : {}),
    };
  });
  const { code, stdout } = await frontend.answer({ ...call, stdin });
  return { code, stdout: code === 0 ? alter(stdout, (result) => breakResult(result, on)) : stdout };
}

function breakResult(result: Fields, on: (fault: ReferenceCniFaultName) => boolean): Fields {
  const interfaces = result.interfaces as { sandbox?: string }[];
  const ips = result.ips as { address: string }[];
  return {
    ...result,
    ...(on("cni-host-end-unlisted") ? { interfaces: interfaces.filter(({ sandbox }) => sandbox) } : {}),
    ...(on("cni-result-of-another-address")
      ? { ips: ips.map((ip) => ({ ...ip, address: next(ip.address) })) }
      : {}),
  };
}

/** The address after a CIDR's, as a CIDR. */
function next(cidr: string): string {
  const { address, network } = parseCidr(cidr);
  return `${formatAddress({ ...address, value: address.value + 1n })}/${network.prefix}`;
}

/** A text that is no JSON object is passed on as it is. */
function alter(text: string, change: (fields: Fields) => Fields): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return text;
    return JSON.stringify(change(value as Fields));
  } catch {
    return text;
  }
}

/** Egress that stays when it should be removed, or goes too early. */
export class FaultyEgress extends Egress {
  readonly #faults: ReadonlySet<string>;
  readonly #host: Host;

  constructor(faults: ReadonlySet<string>, host: Host) {
    super(host);
    this.#faults = faults;
    this.#host = host;
  }

  override async detach(link: Omit<EgressLink, "inner">): Promise<void> {
    if (this.#on("cni-translation-goes-before-interface")) return this.#detachTooEarly(link);
    return super.detach(this.#on("cni-ports-outlive-container") ? { ...link, ports: [] } : link);
  }

  #on(fault: ReferenceCniFaultName): boolean {
    return this.#faults.has(fault);
  }

  async #detachTooEarly(link: Omit<EgressLink, "inner">): Promise<void> {
    const from = ["-s", addressOf(link.address)];
    const untranslated = (act: "-I" | "-D") =>
      this.#host.run(["iptables", "--wait", "-t", "nat", act, "POSTROUTING", ...from, "-j", "ACCEPT"]);
    await untranslated("-I");
    // Ends with another code than 0 where there is none.
    await this.#host.exec(["conntrack", "--delete", ...from]);
    await super.detach(link);
    await untranslated("-D");
  }
}
