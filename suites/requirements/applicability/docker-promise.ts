import type { Capability } from "#suites/requirements/capability.ts";
import type { EngineRelease } from "#suites/requirements/played-engine.ts";

/** From when on Docker promises what a requirement says. On an older engine the same is looked at, and what was seen is a fact; but see `over`. */
export interface DockerPromise {
  /** First release of the engine with it. */
  readonly since: EngineRelease;
  /** It is the part over IPv6 that is promised since: over IPv4 it always was. A test then asks over IPv4 alone, and that decides. */
  readonly over?: "IPv6";
  /** Title of the test whose part is promised since; left out: of all tests of the requirement. */
  readonly test?: string;
  /** What a plugin behind a CNI runtime declares that is bound to it, whatever the engine; left out: none is, CNI says nothing of it. */
  readonly overCni?: Capability;
}

/** The promise that the test of that title shows; none where Docker has always promised it, over IPv4 at least. */
export function promiseOf(
  { promised = [] }: { readonly promised?: readonly DockerPromise[] },
  title: string,
): DockerPromise | undefined {
  return promised.find(({ over, test = title }) => over === undefined && test === title);
}
