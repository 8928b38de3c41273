import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { labels } from "#harness/cluster/containers/labels.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { withoutGenerated } from "#harness/core/failure/cause.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { causesOf } from "#reports/conformance/outcome/causes.ts";
import { runVitest, type VitestOutcome } from "#reports/vitest-run.ts";
import { misbehaviours } from "./fixtures/misbehaviour/catalogue.ts";

const fixtures = join(import.meta.dirname, "fixtures/misbehaviour");
const settings = { ...readSettings(), KEEP: false };
let engine: Engine;

beforeAll(async () => {
  engine = await ensureEngine(settings, progressOn(process.stderr));
}, 60_000);
afterAll(() => engine.release());

/** What a run says of failures and at its end, or of a mistake of the caller, without what differs from run to run. */
function reportIn({
  exitCode,
  stdout,
  stderr,
}: Pick<VitestOutcome, "exitCode" | "stdout" | "stderr">): string {
  // Such a mistake is the last thing that is said.
  const said = exitCode === 2 ? (stderr.trim().split("\n\n").at(-1) ?? "") : `${stdout}${stderr}`;
  const plain = said
    .replaceAll(/^.*\[PLUGIN_TIMINGS\][\s\S]*?for more details\.\n/gm, "")
    .replaceAll(`${projectRoot}/`, "")
    .replaceAll(/\/tmp\/[^/\s]+\//g, "");
  const failures = /^What failed\n[\s\S]*?\n\n/m.exec(plain)?.[0] ?? "";
  const notes = /^Worth knowing\n[\s\S]*?\n\n/m.exec(plain)?.[0] ?? "";
  const end = /\n(\d+ passed, \d+ failed, .*), \d+ not run/.exec(plain)?.[1];
  const told = end === undefined ? plain : `${failures}${notes}${end}`;
  return `${withoutGenerated(told)
    .replaceAll(/\[\d+\/\w+\/\d{4}[^\]]*\]/g, "[DATE]")
    // A request that an engine leaves without an answer, or one that comes too late for it: the first of them is told.
    .replaceAll(/socket hang up|\(SSH\) Channel open failure: open failed/g, "NO ANSWER")
    .replaceAll(/ +$/gm, "")
    .trim()}\n`;
}

/** What of a run's clusters is still there, by the process that made them. */
async function leftBy(pid: number): Promise<string[]> {
  const filters = { label: [labels.owner] };
  const containers = await engine.docker.listContainers({ all: true, filters });
  const networks = await engine.docker.listNetworks({ filters });
  const own = (owner = "") => owner.startsWith(`${pid}:`);
  return [
    ...containers.filter(({ Labels }) => own(Labels[labels.owner])).map(({ Names }) => Names.join(" ")),
    ...networks.filter(({ Labels }) => own(Labels?.[labels.owner])).map(({ Name }) => Name),
    ...new ClusterStates(settings)
      .all()
      .filter(({ owner }) => own(owner))
      .map(({ id }) => id),
  ];
}

// Most of their time they wait for a node.
test.concurrent.for(misbehaviours)(
  "$name: who is blamed, in which words, and that nothing is left",
  { timeout: 300_000 },
  async ({ name, drivers, selection, nodes = 1, exitCode, causes }, { expect, onTestFinished }) => {
    let pid = 0;
    const run = await runVitest({
      config: join(projectRoot, "vitest.config.ts"),
      args: [...selection],
      env: {
        DRIVER: drivers.map((file) => join(fixtures, file)).join(","),
        ENGINE: settings.ENGINE[0] ?? "",
        NODES: String(nodes),
        KEEP: "0",
      },
      onOutput: (running) => {
        pid = running.pid ?? 0;
      },
    });
    onTestFinished(() => run[Symbol.dispose]());
    const said = `${run.stdout}${run.stderr}`;
    expect(run.exitCode, said).toBe(exitCode);
    if (causes) {
      const found = (run.statement?.targets ?? []).flatMap((target) => causesOf(target));
      const of = (outcome: string) => found.filter((cause) => cause.outcome === outcome).length;
      expect({ failed: of("failed"), error: of("error") }, said).toEqual(causes);
    }
    await expect(reportIn(run)).toMatchFileSnapshot(join(fixtures, "expected", `${name}.txt`));
    expect(pid === 0 ? [] : await leftBy(pid)).toEqual([]);
  },
);
