import { randomInt } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ClusterStates } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import type { ProcessIdentity } from "#harness/core/process/process.ts";
import { seededRandom } from "#harness/core/random.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { type Subject, subjects } from "./commands.ts";
import { remainsInEngine, remainsOf } from "./remains.ts";
import { type Aim, aims, type Ended, type Moment, processesOf, runCommand } from "./victim.ts";
import { openWorld, succeed, type World } from "./world.ts";

const { KILL_CASES, KILL_COMMANDS, KILL_LANES, KILL_SEED } = readSettings();
/** How long processes of a killed command may outlive it, on a loaded machine. */
const farewellMs = 30_000;

/** One kill and what came of it. */
interface Result {
  readonly name: string;
  readonly told: string;
  readonly ended: Ended;
  readonly findings: readonly string[];
}

test("a command that is killed leaves nothing that the next one does not remove, and that one is green", async () => {
  await using world = await openWorld(`10.${randomInt(193, 221)}.0.0/16`);
  const keptBefore = await world.keep();
  const usual = new Map<string, Ended>();
  for (const name of KILL_COMMANDS) usual.set(name, await whole(world, name));
  const random = seededRandom(KILL_SEED);
  const plans = Array.from({ length: KILL_CASES }, (_, index) => plan(random, index, usual));
  const results: Result[] = [];
  const lanes = Array.from({ length: KILL_LANES }, async (_, lane) => {
    for (let next = plans.shift(); next; next = plans.shift()) {
      const result = await play(world, lane, next);
      results.push(result);
      console.log(`${results.length}. ${result.told}`);
    }
  });
  await Promise.all(lanes);
  await succeed(world.run(["cluster", "status"]));
  const owners = new Set<ProcessIdentity>(results.flatMap(({ ended }) => ended.processes));
  const left = await remainsInEngine(world, owners);
  console.log(summary(results));
  expect(results.flatMap(({ told, findings }) => (findings.length > 0 ? [told] : []))).toEqual([]);
  expect(left).toEqual([]);
  expect(new ClusterStates({ CACHE: world.cache }).all().map(({ id }) => id)).toEqual(keptBefore);
  expect(results.some(({ ended }) => ended.killed)).toBe(true);
}, 3_600_000);

interface Plan {
  readonly name: string;
  readonly moment: Moment;
  readonly aim: Aim;
}

function subjectOf(name: string): Subject {
  const subject = subjects[name];
  if (subject) return subject;
  throw new Error(`expected one of ${Object.keys(subjects).join(", ")}, got ${name}`);
}

/** How long it takes, and how much it says, where nobody kills it. */
async function whole(world: World, name: string): Promise<Ended> {
  const subject = subjectOf(name);
  await subject.before?.(world);
  const ended = await succeed(
    world.run(subject.args(world), { ...subject.env, REPORTS: join(world.folder, "usual") }),
  );
  await subject.after?.(world);
  console.log(`${name}: ${(ended.durationMs / 1000).toFixed(1)} s, ${ended.lines} lines`);
  return ended;
}

function plan(random: () => number, index: number, usual: ReadonlyMap<string, Ended>): Plan {
  const name = [...usual.keys()][index % usual.size] ?? "";
  const { durationMs = 0, lines = 1 } = usual.get(name) ?? {};
  const moment: Moment =
    random() < 0.5
      ? { afterMs: random() * durationMs }
      : { lines: 1 + Math.floor(random() * Math.max(1, lines - 1)) };
  return { name, moment, aim: aims[Math.floor(random() * aims.length)] ?? "group" };
}

/**
 * Kills the command, and types it again at once; where its starter alone was killed, once the program has ended: it is told to
 * end then, tidies up, and has the reports until it is done, which another run is told.
 */
async function play(world: World, lane: number, { name, moment, aim }: Plan): Promise<Result> {
  const subject = subjectOf(name);
  const reports = join(world.folder, `reports-${lane}`);
  const env = { ...world.env, ...subject.env, REPORTS: reports };
  // What an earlier run says there is not of this one.
  rmSync(reports, { recursive: true, force: true });
  await subject.before?.(world);
  const ended = await runCommand(subject.args(world), env, { moment, aim });
  if (aim === "starter") {
    const gone = () => processesOf(ended.mark).length === 0;
    await until({ what: `${name}, whose starter was killed, to end`, deadlineMs: farewellMs }, gone);
  }
  const record = recordOf(subject, reports, ended);
  const again = await runCommand(subject.args(world), env);
  await subject.after?.(world);
  const findings = [
    ...(again.code === 0 ? [] : [`the next run ended with ${again.code ?? again.signal}:\n${again.said}`]),
    ...(record.wrong ? [record.says] : []),
    ...(await remains(world, ended)),
  ];
  const at =
    "afterMs" in moment ? `after ${(moment.afterMs / 1000).toFixed(2)} s` : `at line ${moment.lines}`;
  const how = ended.killed ? `killed (${aim}) ${at}` : `ended by itself before it was to be killed ${at}`;
  const next = `the next one ${again.code === 0 ? "green" : "red"} in ${(again.durationMs / 1000).toFixed(1)} s`;
  const told = `${name} ${how}: ${record.says}; ${next}; left: ${findings.length > 0 ? findings.join("; ") : "nothing"}`;
  return { name, told, ended, findings };
}

/** What says of the killed run how it ended. Only one that had ended may say that it is complete. */
function recordOf(
  { writes }: Subject,
  folder: string,
  { killed, said }: Ended,
): { says: string; wrong: boolean } {
  if (writes === undefined) return { says: "writes no report", wrong: false };
  const path = join(folder, writes);
  if (!existsSync(path)) return { says: `no ${writes}`, wrong: false };
  const json = parseJson(readFileSync(path, "utf8"));
  if (!json.ok) return { says: `half a ${writes}`, wrong: true };
  const { run } = json.value as { run?: { complete?: boolean } };
  if (run?.complete !== true || !killed)
    return { says: run?.complete === false ? "incomplete" : `a ${writes}`, wrong: false };
  // The statement is complete when everything has run, though the run has still to tidy up.
  const over = said.includes("The run took") || said.includes("the run took") || said.includes("✔");
  return { says: "complete", wrong: !over };
}

async function remains(world: World, ended: Ended): Promise<string[]> {
  let left: string[] = [];
  await until({ what: "everything of it to go", deadlineMs: farewellMs, everyMs: 250 }, () => {
    left = remainsOf(world, ended);
    return left.length === 0;
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
  });
  return left;
}

function summary(results: readonly Result[]): string {
  const names = [...new Set(results.map(({ name }) => name))];
  const lines = names.map((name) => {
    const own = results.filter((result) => result.name === name);
    const killed = own.filter(({ ended }) => ended.killed).length;
    const bad = own.filter(({ findings }) => findings.length > 0).length;
    return `${name}: ${own.length} cases, ${killed} killed, ${bad} with findings`;
  });
  return `${lines.join("\n")}\nseed ${KILL_SEED}, ${KILL_LANES} side by side`;
}
