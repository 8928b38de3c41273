import {
  cut,
  describeExchange,
  fieldsOf,
  type JsonFields,
  type ReadExchange,
} from "#harness/cnm/protocol/exchange.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { bareAddress, isAddress } from "#harness/core/ip.ts";

/** The call must have succeeded; throws `Nonconformance` with what was sent and what came back. */
export function granted(result: ReadExchange): ReadExchange {
  if (result.succeeded) return result;
  throw new Nonconformance({
    who: result.exchange.plugin,
    expected: `${result.exchange.call} to succeed`,
    got: result.message
      ? `the failure "${cut(result.message)}"`
      : (result.exchange.failure ?? "a failure without message"),
    evidence: describeExchange(result.exchange),
  });
}

/** The address in an answer, without prefix; a prefix length that is missing is told by the rule on addresses. Throws `Nonconformance` where there is none. */
export function addressIn(result: ReadExchange): string {
  const address = bareAddress(textField(result, "Address") ?? "");
  if (!isAddress(address)) throw unlike(result, "an address");
  return address;
}

/** An answer of success without what an engine needs of it. */
export function unlike({ exchange }: ReadExchange, expected: string): Nonconformance {
  return new Nonconformance({
    who: exchange.plugin,
    expected: `${exchange.call} to answer ${expected}`,
    got: cut(exchange.answer?.trim() ?? "nothing"),
    evidence: describeExchange(exchange),
  });
}

/** A text field of the answer. */
export function textField(result: ReadExchange, name: string): string | undefined {
  const value = (fieldsOf(result.answer) as JsonFields | undefined)?.[name];
  return typeof value === "string" ? value : undefined;
}
