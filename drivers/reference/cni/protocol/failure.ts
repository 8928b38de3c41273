/** Error codes of the CNI specification, section 5, that the plugin uses; from 100 on they are its own. */
export const codes = {
  incompatibleVersion: 1,
  invalidEnvironment: 4,
  undecodable: 6,
  invalidConfiguration: 7,
  /** STATUS: no ADD can be served. */
  unavailable: 50,
  /** The container does not have what ADD gave it. */
  broken: 100,
  /** What was asked for cannot be had, e.g. an address. */
  refused: 101,
  /** A node did not do what it was told. */
  node: 102,
} as const;

/** A call that fails, as it is reported to the runtime. */
export class CniFailure extends Error {
  override name = "CniFailure";
  readonly code: number;
  readonly details: string | undefined;

  constructor(code: number, message: string, details?: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
