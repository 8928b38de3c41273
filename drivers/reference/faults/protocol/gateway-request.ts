import { gatewayAddressType, requestAddressTypeKey } from "#harness/cnm/protocol/protocol.ts";

/** Whether a request is for a network's gateway. */
export function isGatewayRequest(options: Readonly<Record<string, string>> | null | undefined): boolean {
  return options?.[requestAddressTypeKey] === gatewayAddressType;
}
