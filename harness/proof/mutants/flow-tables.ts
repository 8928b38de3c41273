import { HarnessError } from "#harness/core/errors.ts";
import { isIn } from "#harness/oracle/engine/addresses.ts";

/** A packet as flows match it. */
export interface Packet {
  readonly family: 4 | 6;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly source: string;
  readonly destination: string;
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Local tag of the network that it is in. */
  readonly tag: number;
  /** It answers one that passed. */
  readonly reply: boolean;
}

interface FlowEntry {
  readonly priority: number;
  matches(packet: Packet, registers: Registers): boolean;
  readonly actions: readonly Action[];
}

type Action =
  | { readonly kind: "forward" }
  | { readonly kind: "go on"; readonly table: number }
  | { readonly kind: "load"; readonly register: number; readonly value: number };

interface TableEntry extends FlowEntry {
  readonly table: number;
}

/** By number; 0 is the network's tag. */
type Registers = Map<number, number>;

/** Where a packet enters whose network is known. */
const firstTable = 1;

/** The OpenFlow tables of one node's bridge, as far as packets between containers meet them. */
export class FlowTables {
  readonly #tables: Map<number, FlowEntry[]>;

  /** Reads flows as ovs-ofctl does. Throws `HarnessError` for a match or an action that is not known. */
  constructor(flows: readonly string[]) {
    const entries = flows.map(entryOf).filter(({ table }) => table >= firstTable);
    const byTable = Map.groupBy(entries, ({ table }) => table);
    this.#tables = new Map(
      [...byTable].map(([table, own]) => [
        table,
        own.toSorted((one, other) => other.priority - one.priority),
      ]),
    );
  }

  /** Whether the bridge forwards the packet. */
  passes(packet: Packet): boolean {
    const registers: Registers = new Map([[0, packet.tag]]);
    let table: number | undefined = firstTable;
    while (table !== undefined) {
      const entry = this.#entryFor(table, packet, registers);
      table = undefined;
      for (const action of entry?.actions ?? []) {
        if (action.kind === "forward") return true;
        if (action.kind === "load") registers.set(action.register, action.value);
        else table = action.table;
      }
    }
    return false;
  }

  #entryFor(table: number, packet: Packet, registers: Registers): FlowEntry | undefined {
    return this.#tables.get(table)?.find((one) => one.matches(packet, registers));
  }
}

function actionOf(text: string): Action[] {
  const [, value, register] = /^load:(\d+)->NXM_NX_REG(\d)\[\]$/.exec(text) ?? [];
  const [, next] = /^(?:goto_table:|ct\(table=)(\d+)/.exec(text) ?? [];
  if (text === "NORMAL") return [{ kind: "forward" }];
  if (register) return [{ kind: "load", register: Number(register), value: Number(value) }];
  if (next) return [{ kind: "go on", table: Number(next) }];
  if (text === "drop" || text.startsWith("ct(commit") || text.startsWith("output:")) return [];
  throw new HarnessError(`a flow does ${text}, which is not known`);
}

/** Most flows of a bridge are the same after a change as before it. */
const read = new Map<string, TableEntry>();

function entryOf(flow: string): TableEntry {
  const entry = read.get(flow) ?? readFlow(flow);
  read.set(flow, entry);
  return entry;
}

function readFlow(text: string): TableEntry {
  const [, head = "", tail = ""] = /^(.*?),?actions=(.*)$/.exec(text) ?? [];
  const fields = head.split(",").map((field): [string, string] => {
    const at = field.indexOf("=");
    return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
  });
  const numberOf = (name: string) => Number(fields.find(([key]) => key === name)?.[1] ?? 0);
  const conditions = fields.filter(([key]) => key !== "table" && key !== "priority").map(conditionOf);
  return {
    ...{ table: numberOf("table"), priority: numberOf("priority") },
    matches: (packet, registers) => conditions.every((holds) => holds(packet, registers)),
    actions: (tail.match(/[^,(]+(?:\([^)]*\))?/g) ?? []).flatMap(actionOf),
  };
}

type Condition = (packet: Packet, registers: Registers) => boolean;

function conditionOf([key, value]: [string, string]): Condition {
  const [, register] = /^reg(\d)$/.exec(key) ?? [];
  if (register) return (_, registers) => (registers.get(Number(register)) ?? 0) === Number(value);
  switch (key) {
    case "ip":
      return ({ family }) => family === 4;
    case "ipv6":
      return ({ family }) => family === 6;
    case "tcp":
    case "udp":
    case "icmp":
      return ({ family, protocol }) => family === 4 && protocol === key;
    case "tcp6":
    case "udp6":
    case "icmp6":
      return ({ family, protocol }) => family === 6 && `${protocol}6` === key;
    case "nw_src":
    case "ipv6_src":
      return ({ source }) => isIn(value, source);
    case "nw_dst":
    case "ipv6_dst":
      return ({ destination }) => isIn(value, destination);
    case "dl_src":
      return ({ sourceMac }) => sourceMac === value;
    case "dl_dst":
      return ({ destinationMac }) => destinationMac === value;
    case "tp_src":
      return portLike(value, ({ sourcePort }) => sourcePort);
    case "tp_dst":
      return portLike(value, ({ destinationPort }) => destinationPort);
    // Neither ARP nor neighbour discovery is looked at.
    case "arp":
    case "icmp_type":
      return () => false;
    case "ct_state":
      return ({ reply }) => value === "+trk+rpl" && reply;
    case "in_port":
    case "arp_tpa":
    case "arp_spa":
    case "dl_vlan":
      return () => false;
    default:
      throw new HarnessError(`a flow matches ${key}, which is not known`);
  }
}

function portLike(wanted: string, of: (packet: Packet) => number): Condition {
  const [port, mask = 0xffff] = wanted.split("/").map(Number) as [number, number?];
  return (packet) => (of(packet) & mask) === port;
}
