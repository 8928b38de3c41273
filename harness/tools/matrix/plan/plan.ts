import type { DriverSettings } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import { nameEngines, type TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { type TargetEngineSettings, targetEngines } from "#harness/cluster/providers.ts";
import { formatEngine, formatSource, parseEngine } from "#harness/core/engines/grammar.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Firewall, PastRun } from "#reports/matrix/schema.ts";

/** One cell that is to be run. */
export interface PlannedCell {
  /** e.g. `overlay@26.1`, with iptables-legacy `overlay@26.1+legacy`. */
  readonly name: string;
  /** Name of its vitest project. */
  readonly project: string;
  readonly driver: string;
  /** What the user gave to name the driver. */
  readonly reference: string;
  /** Name of its engines: the version that answers. */
  readonly engine: string;
  /** The engines, as a word of ENGINE. */
  readonly word: string;
  readonly firewall: Firewall;
  /** How many capabilities the driver declares: what is declared is tested, and takes its time. */
  readonly declared: number;
}

/** Every driver of the settings on every engine of theirs, with every firewall. Throws `UsageError` for a driver that cannot be loaded. */
export async function planCells(
  settings: DriverSettings & TargetEngineSettings & Pick<Settings, "DRIVER">,
  firewalls: readonly Firewall[],
  engines: (settings: TargetEngineSettings) => Promise<readonly TargetEngine[]> = targetEngines,
): Promise<PlannedCell[]> {
  const drivers = await Promise.all(
    settings.DRIVER.map(async (reference) => {
      const { name: driver, capabilities } = await loadDriver(reference, settings);
      return { reference, driver, declared: capabilities.length };
    }),
  );
  return (await engines(settings)).flatMap(({ name: engine, nodes }) =>
    firewalls.flatMap((firewall) =>
      drivers.map(({ reference, driver, declared }): PlannedCell => {
        const project = `${driver}@${engine}`;
        const name = firewall === "nft" ? project : `${project}+${firewall}`;
        return { name, project, driver, reference, engine, word: formatEngine(nodes), firewall, declared };
      }),
    ),
  );
}

/** Engines by the words that ask for them, where nothing is to be made to find out what would answer. */
export async function enginesAsAsked({ ENGINE }: TargetEngineSettings): Promise<TargetEngine[]> {
  return ENGINE.map((word) => {
    const nodes = parseEngine(word).map((node) => ({ ...node, version: formatSource(node.source) }));
    return { ...nameEngines(nodes), nodes };
  });
}

/**
 * The order in which to begin: what took longest the last time first, so that no long cell is left over at the end.
 * Cells that the history does not know come before them, those that declare most in front.
 */
export function longestFirst(cells: readonly PlannedCell[], history: readonly PastRun[]): PlannedCell[] {
  const took = ({ name }: PlannedCell) =>
    history.findLast(({ cells: { [name]: past } }) => past !== undefined)?.cells[name]?.ms ??
    Number.POSITIVE_INFINITY;
  return cells
    .map((cell) => ({ cell, ms: took(cell) }))
    .sort((a, b) => (a.ms === b.ms ? b.cell.declared - a.cell.declared : b.ms - a.ms))
    .map(({ cell }) => cell);
}
