/** An attribute of an UPDATE that may have a length that it must not have (RFC 7606, sections 7.1 and 7.4). */
export type MarredAttribute = "ORIGIN" | "MULTI_EXIT_DISC";

export interface BgpOptions {
  /** IPv4 address to speak from, and that of the neighbour. */
  address: string;
  neighbor: string;
  /** The own AS number, of two octets. */
  as: number;
  /** Milliseconds until there must be a session. */
  timeoutMs: number;
}

/** What a neighbour sent since the session is established. */
export interface BgpTold {
  /** Names of messages, oldest first; a NOTIFICATION with its codes: `NOTIFICATION 3/5`. */
  messages: string[];
  /** How the neighbour ended the session; null while it is up. */
  end: string | null;
}

/** A session over IPv4, kept by the agent until it is closed. */
export interface BgpSpeech {
  /**
   * Sends one UPDATE that announces these prefixes with the own address as the next hop, and with `marred` malformed where it is given.
   * A session that the neighbour ended takes nothing.
   */
  announce(prefixes: readonly string[], marred?: MarredAttribute): Promise<void>;
  told(): Promise<BgpTold>;
  /** Ends it by a NOTIFICATION. */
  close(): Promise<void>;
}

/** What the agent can be asked of sessions. */
export interface BgpMethods {
  bgpOpen(given: BgpOptions): { handle: number } | { failed: string };
  bgpAnnounce(given: { handle: number; prefixes: string[]; marred: MarredAttribute | null }): null;
  bgpTold(given: { handle: number }): BgpTold;
  bgpClose(given: { handle: number }): null;
}
