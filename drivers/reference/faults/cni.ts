import type { ReferenceCniFaultName } from "#harness/saboteurs/reference-cni-faults.ts";
import type { CniAnswer, CniFace } from "../cni/face.ts";
import type { CniCall } from "../cni/request.ts";
import { WayOut, type WayOutLink } from "../cni/way-out.ts";
import { formatAddress, parseInterfaceAddress } from "../model/addresses.ts";

type Fields = Record<string, unknown>;

/** Answers as the faults that are on say, which is honestly while none is. What they do is in their table. */
export async function faultyAnswer(
  face: Pick<CniFace, "answer">,
  call: CniCall,
  faults: ReadonlySet<string>,
): Promise<CniAnswer> {
  if (faults.size === 0 || call.env.CNI_COMMAND !== "ADD") return face.answer(call);
  const on = (fault: ReferenceCniFaultName) => faults.has(fault);
  const stdin = spoil(call.stdin, (config) => {
    const runtimeConfig = { ...(config.runtimeConfig as Fields | undefined) };
    if (on("cni-ports-ignored")) delete runtimeConfig.portMappings;
    if (on("cni-aliases-ignored")) delete runtimeConfig.aliases;
    return { ...config, runtimeConfig, ...(on("cni-way-out-ignored") ? { ipMasq: false } : {}) };
  });
  const { code, stdout } = await face.answer({ ...call, stdin });
  return { code, stdout: code === 0 ? spoil(stdout, (result) => spoilResult(result, on)) : stdout };
}

function spoilResult(result: Fields, on: (fault: ReferenceCniFaultName) => boolean): Fields {
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
  const { address, subnet } = parseInterfaceAddress(cidr);
  return `${formatAddress({ ...address, value: address.value + 1n })}/${subnet.prefix}`;
}

/** A text that is no JSON object is passed on as it is. */
function spoil(text: string, change: (fields: Fields) => Fields): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return text;
    return JSON.stringify(change(value as Fields));
  } catch {
    return text;
  }
}

/** Ways out that stay when they should go. */
export class FaultyWayOut extends WayOut {
  readonly #faults: ReadonlySet<string>;

  constructor(faults: ReadonlySet<string>, ...given: ConstructorParameters<typeof WayOut>) {
    super(...given);
    this.#faults = faults;
  }

  override detach(link: Omit<WayOutLink, "inner">): Promise<void> {
    const kept: ReferenceCniFaultName = "cni-ports-outlive-container";
    return super.detach(this.#faults.has(kept) ? { ...link, ports: [] } : link);
  }
}
