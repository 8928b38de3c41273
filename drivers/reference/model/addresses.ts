import { InvalidAddress, isCidr, parseAddress, parseCidr, parseNetwork } from "#harness/core/ip.ts";
import { Refusal } from "./refusal.ts";

// What an engine or an administrator asked for is read here: a value that is wrong is a refusal that names
// it.

/** Reads an address without prefix. Throws `Refusal` naming the text. */
export const readAddress = refusing(parseAddress);
/**
 * Reads an address with prefix length, host bits allowed, e.g. `10.1.2.7/24`. Throws `Refusal` naming the
 * text.
 */
export const readCidr = refusing(parseCidr);
/** Reads a network. Throws `Refusal` when it is no CIDR or has host bits set. */
export const readNetwork = refusing(parseNetwork);

/** Whether a text is a network of the unspecified address, such as `0.0.0.0/26`: any subnet of that size. */
export function isUnspecifiedNetwork(text: string): boolean {
  return isCidr(text) && parseCidr(text).address.value === 0n;
}

function refusing<T>(read: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      throw error instanceof InvalidAddress ? new Refusal(error.message) : error;
    }
  };
}
