import { type Exchange, readExchange } from "#harness/cnm/protocol/exchange.ts";
import type { CallName } from "#harness/cnm/protocol/protocol.ts";
import type { HeldResources } from "./conversation.ts";

/** What engines still have, each as recorders tell it: the id after the name of the node. */
export interface EnginesHave {
  readonly networks: ReadonlySet<string>;
  /** Endpoints of containers, also of those that do not run. */
  readonly endpoints: ReadonlySet<string>;
}

/** Calls that an engine owed for something that it had the plugin make and has no more, and that never came. */
export interface Omission {
  /** The node of the engine. */
  readonly engine: string;
  readonly what: "endpoint" | "network";
  readonly id: string;
  readonly calls: readonly CallName[];
}

/** The calls by which an engine takes back what it had made, in its order, and the field with the id. */
const takenBackBy = {
  endpoint: { made: "NetworkDriver.CreateEndpoint", field: "EndpointID" },
  network: { made: "NetworkDriver.CreateNetwork", field: "NetworkID" },
} as const;

/** Whether an engine made a call for `one`, which is an id after the name of the caller. */
export function isAsked(
  one: string,
  call: CallName,
  field: "EndpointID" | "NetworkID",
  exchanges: readonly Exchange[],
): boolean {
  const { caller, id } = partsOf(one);
  return exchanges.some(
    (exchange) =>
      exchange.caller === caller && exchange.call === call && readExchange(exchange).request?.[field] === id,
  );
}

/**
 * What is held that an engine had made in these exchanges, has no more, and never asked the plugin to remove. Of something that was made
 * before them nothing is concluded: its removal may have been asked for before them, too. Pure.
 */
export function omissionsIn(
  held: HeldResources,
  exchanges: readonly Exchange[],
  has: EnginesHave,
): Omission[] {
  const isOmitted = (one: string, what: Omission["what"], call: CallName) => {
    const { made, field } = takenBackBy[what];
    return isAsked(one, made, field, exchanges) && !isAsked(one, call, field, exchanges);
  };
  const omission = (one: string, what: Omission["what"], calls: readonly CallName[]): Omission => {
    const { caller, id } = partsOf(one);
    return { engine: caller, what, id, calls };
  };
  return [
    ...held.endpoints
      .filter((one) => !has.endpoints.has(one) && isOmitted(one, "endpoint", "NetworkDriver.DeleteEndpoint"))
      .map((one) => {
        const left = held.joins.includes(one) && isOmitted(one, "endpoint", "NetworkDriver.Leave");
        return omission(one, "endpoint", [
          ...(left ? (["NetworkDriver.Leave"] as const) : []),
          "NetworkDriver.DeleteEndpoint",
        ]);
      }),
    ...held.networks
      .filter((one) => !has.networks.has(one) && isOmitted(one, "network", "NetworkDriver.DeleteNetwork"))
      .map((one) => omission(one, "network", ["NetworkDriver.DeleteNetwork"])),
  ];
}

/**
 * Whether engines are to blame for all that is held: every endpoint and network was left out by its engine, or is a network with such an
 * endpoint, and no release of an address or pool was refused. Pure.
 */
export function areToBlame(
  omissions: readonly Omission[],
  held: HeldResources,
  exchanges: readonly Exchange[],
): boolean {
  if (omissions.length === 0) return false;
  const omitted = (one: string, what: Omission["what"]) =>
    omissions.some((omission) => omission.what === what && one === `${omission.engine} ${omission.id}`);
  // A network of global scope has one id on all engines, and goes as a whole.
  const networksInUse = new Set(
    exchanges.flatMap((exchange) => {
      if (exchange.call !== "NetworkDriver.CreateEndpoint") return [];
      const { EndpointID, NetworkID } = readExchange(exchange).request ?? {};
      return omitted(`${exchange.caller} ${EndpointID}`, "endpoint") ? [NetworkID] : [];
    }),
  );
  const isRefused = (exchange: Exchange) =>
    /^IpamDriver\.Release/.test(exchange.call) && readExchange(exchange).message !== undefined;
  return (
    [...held.endpoints, ...held.joins].every((one) => omitted(one, "endpoint")) &&
    held.networks.every((one) => omitted(one, "network") || networksInUse.has(partsOf(one).id)) &&
    !exchanges.some(isRefused)
  );
}

/** An id after the name of the caller, taken apart; a caller without a name is empty. */
function partsOf(one: string): { caller: string; id: string } {
  const [id = "", caller = ""] = one.split(" ").reverse();
  return { caller, id };
}
