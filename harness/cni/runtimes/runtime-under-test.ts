import type { SpecVersion } from "#suites/requirements/spec-version.ts";
import type { Recording } from "./recording/recording.ts";

/** A configuration list, as it is written. */
export interface NetworkList {
  readonly name: string;
  readonly cniVersion: string;
  readonly cniVersions?: readonly string[];
  readonly disableCheck?: boolean;
  readonly disableGC?: boolean;
  readonly plugins: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
}

/** What can be asked of a runtime. Every runtime has ADD and DEL. */
export type Operation = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS";

/**
 * A CNI runtime that is judged by its calls. Containers are known by names of the caller. Every operation rejects with an `Error`
 * that has the runtime's own words when the runtime refuses it or fails.
 */
export interface RuntimeUnderTest extends AsyncDisposable {
  /** With its version, e.g. `Podman 4.3.1`. */
  readonly name: string;
  /** The newest version of the specification that it speaks. */
  readonly speaks: SpecVersion;
  /** The recording plugins, which it finds in its only folder of plugins. */
  readonly recording: Recording;
  /** Inode of its own network namespace. */
  readonly network: string;
  /** How many networks a container can join. */
  readonly attachments: number;

  /** Has it use these lists, and no others. */
  configure(lists: readonly NetworkList[]): Promise<void>;
  /** Makes a container with an interface in each of the networks. Port 18080 of the host is to lead to its port 80. */
  add(container: string, networks: readonly string[]): Promise<void>;
  del(container: string): Promise<void>;
  /** What a user of it does with a container that could not be made. */
  abandon(container: string): Promise<void>;
  check?(container: string, network: string): Promise<void>;
  /** `valid`: names of containers that are to stay. */
  gc?(network: string, valid: readonly string[]): Promise<void>;
  status?(network: string): Promise<void>;
  /** Ends its process, if it has one, and begins anew with what is on the disk. */
  restart?(): Promise<void>;
}

/** The port mapping of every container. */
export const portMapping = { hostPort: 18080, containerPort: 80, protocol: "tcp" } as const;
