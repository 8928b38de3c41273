import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { ConnectionLost } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { confirm, describeRuns, lineOf, type RunEnd } from "./by-hand.ts";
import { failureOf } from "./failure.ts";
import { marked, readMarked } from "./mark.ts";
import { lookMs, outOfView, View, viewHere } from "./view.ts";

const host = new LocalHost("node1");
const fails = ({ code }: { code: number | null }) => code !== 0;
const runs = (pid: number) => existsSync(`/proc/${pid}`);
const check = { who: "a to b", expected: "an answer", got: "none\nat all" };

describe("a line by hand", () => {
  test("is confirmed where each of three runs in a shell shows the failure", async () => {
    const argv = ["sh", "-c", 'test "$0" = "a b"', "it's"];
    expect(lineOf({ host, argv })).toBe(`  reproduce: node1$ sh -c 'test "$0" = "a b"' 'it'\\''s'`);
    expect(await confirm({ host, argv, shows: fails })).toBe("confirmed 3/3");
  });

  test("says that it does not show it", async () => {
    expect(await confirm({ host, argv: ["true"], shows: fails })).toBe("not reproducible by hand (0/3)");
  });

  test("reads nothing of the user's that is for shells", async () => {
    const home = mkdtempSync(join(tmpdir(), "home-"));
    onTestFinished(() => rmSync(home, { recursive: true }));
    writeFileSync(join(home, ".bashrc"), "touch ~/was-read\n");
    const argv = ["env", `HOME=${home}`, "SHLVL=0", "bash", "-c", "true"];
    const { code } = await host.exec(argv);
    expect([code, existsSync(join(home, "was-read"))], "bash reads it where it is told nothing").toEqual([
      0,
      true,
    ]);
    rmSync(join(home, "was-read"));
    vi.stubEnv("HOME", home);
    vi.stubEnv("BASH_ENV", join(home, ".bashrc"));
    vi.stubEnv("BASH_FUNC_false%%", "() { true; }");
    vi.stubEnv("SHLVL", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await confirm({ host, argv: ["false"], shows: fails })).toBe("confirmed 3/3");
    expect(existsSync(join(home, "was-read"))).toBe(false);
  });

  test("is not judged where no run ends, whatever it would have shown", async () => {
    const argv = ["sleep", "60"];
    const told = "not judged: 3 did not end in time";
    expect(await confirm({ host, argv, shows: () => true })).toBe(told);
    expect(await confirm({ host, argv, shows: () => true, apart: true }, 300)).toBe(told);
    expect(await confirm({ host, argv: ["false"], shows: fails }, 0)).toBe(told);
  }, 30_000);

  test("ends on the host by itself where the process that looks is killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "killed-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const script = `
      import { LocalHost } from "#harness/host/local/local-host.ts";
      import { confirm } from "#harness/observe/second-look/by-hand.ts";
      const argv = ["sh", "-c", 'echo $$ >"$0/$$"; exec sleep 1000', ${JSON.stringify(folder)}];
      await confirm({ host: new LocalHost(), argv, shows: () => true });
    `;
    const argv = [process.execPath, "--input-type=module", "--eval", script];
    const looking = await host.spawn(argv, { cwd: projectRoot });
    const begun = () => readdirSync(folder).map(Number);
    await until({ what: "three runs to begin", deadlineMs: 10_000 }, () => begun().length === 3);
    looking.kill("KILL");
    await until({ what: "what they run to end", deadlineMs: 15_000 }, () => !begun().some(runs));
  }, 30_000);

  test("is run in turns where it needs something of its own, for as long as there is time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "turns-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const inUse = join(folder, "in-use");
    // A folder that is there cannot be made: two at once would end otherwise.
    const alone = (seconds: number) => `mkdir ${inUse} && sleep ${seconds} && rmdir ${inUse} && exit 3`;
    const line = { host, shows: ({ code }: { code: number | null }) => code === 3 } as const;
    const slow = { ...line, argv: ["sh", "-c", alone(1.6)] };
    expect(await confirm(slow), "at once they are in each other's way").toBe(
      "not reproducible by hand (1/3)",
    );
    const quick = { ...line, argv: ["sh", "-c", alone(0.1)] };
    expect(await confirm({ ...quick, apart: true })).toBe("confirmed 3/3");
    expect(await confirm({ ...slow, apart: true })).toBe("shown by 1 of 1 that ended; 2 did not end in time");
  }, 30_000);

  test("that cannot be run is told from one that is cut off", async () => {
    class Gone extends LocalHost {
      override spawn(): Promise<never> {
        return Promise.reject(new ConnectionLost(this.name, "running"));
      }
    }
    const argv = ["false"];
    expect(await confirm({ host: new Gone("node1"), argv, shows: fails })).toBe(
      "not judged: 3 could not be run",
    );
  });

  test("whose command or namespace is not there says nothing of the failure", async () => {
    const told = "not judged: 3 could not be run";
    expect(await confirm({ host, argv: ["no-such-command"], shows: () => true })).toBe(told);
    const gone = ["nsenter", "--net=/proc/0/ns/net", "false"];
    expect(await confirm({ host, argv: gone, shows: fails })).toBe(told);
    for (const said of [
      'time="2026-11-29T17:00:00Z" level=error msg="exec failed: container does not exist"',
      "Error response from daemon: No such container: one",
      "Error response from daemon: container 0123456789ab is not running",
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      'Error: no container with name or ID "one" found: no such container',
      "Error: can only create exec sessions on running containers: container state improper",
    ]) {
      const exec = ["sh", "-c", 'echo "$0" >&2; exit 1', said];
      expect(await confirm({ host, argv: exec, shows: fails }), said).toBe(told);
    }
    // A refusal is what a line may have to show.
    const refused = ["sh", "-c", 'echo "$0" >&2; exit 1', "Error response from daemon: the plugin says no"];
    expect(await confirm({ host, argv: refused, shows: fails })).toBe("confirmed 3/3");
  });

  test("is read with and without its mark", () => {
    expect(readMarked(marked("echo '  # x'", "not run: y"))).toEqual({
      line: "echo '  # x'",
      confirmed: "not run: y",
    });
    expect(readMarked("echo")).toEqual({ line: "echo" });
  });

  const borders: [RunEnd[], string][] = [
    [["shown", "shown", "shown"], "confirmed 3/3"],
    [["shown", "shown", "not shown"], "not reproducible by hand (2/3)"],
    [["not shown", "not shown", "not shown"], "not reproducible by hand (0/3)"],
    [["shown", "shown", "cut off"], "shown by 2 of 2 that ended; 1 did not end in time"],
    [["cut off", "shown", "cut off"], "shown by 1 of 1 that ended; 2 did not end in time"],
    [
      ["shown", "cut off", "not run"],
      "shown by 1 of 1 that ended; 1 did not end in time, 1 could not be run",
    ],
    [["shown", "not shown", "cut off"], "not reproducible by hand (1/2, 1 did not end in time)"],
    [["not shown", "cut off", "cut off"], "not reproducible by hand (0/1, 2 did not end in time)"],
    [["not shown", "not shown", "not run"], "not reproducible by hand (0/2, 1 could not be run)"],
    [["cut off", "cut off", "cut off"], "not judged: 3 did not end in time"],
    [["cut off", "not run", "not run"], "not judged: 1 did not end in time, 2 could not be run"],
  ];
  test.each(borders)("whose runs were %o", (ends, told) => {
    expect(describeRuns(ends)).toBe(told);
  });
});

describe("a check that fails", () => {
  const byHand = { host, argv: ["false"], shows: fails };

  test("is confirmed in the body of a test, and not looked into elsewhere", async () => {
    const inside = await new View([]).run(() => failureOf({ ...check, byHand }));
    expect(inside.message).toBe(
      "a to b: expected an answer, got none\nat all\n  reproduce: node1$ false  # confirmed 3/3",
    );
    const outside = await new View([host]).run(() => outOfView(() => failureOf({ ...check, byHand })));
    expect(outside.message).toMatch(
      /reproduce: node1\$ false {2}# not run: it failed outside the body of a test$/,
    );
    expect(viewHere()).toBeUndefined();
  });

  test("waits for one that failed before it and is being looked into", async () => {
    const view = new View([host]);
    const { promise, resolve } = Promise.withResolvers<string>();
    const ends: string[] = [];
    const first = view.look(() => promise, { once: true }).then((hop) => ends.push(`first ${hop}`));
    const second = view.look(async () => "never", { once: true }).then((hop) => ends.push(`second ${hop}`));
    expect(view.isBusy).toBe(true);
    resolve("hop");
    await Promise.all([first, second]);
    expect(ends).toEqual(["first hop", "second undefined"]);
    expect(view.isBusy).toBe(false);
  });

  test("is looked into for what is left of the time of its test, and not at all where nothing is", async () => {
    const view = new View([host]);
    const begun = performance.now();
    const endless = { host, argv: ["sleep", "60"], shows: fails };
    const [first, second] = await view.run(() =>
      Promise.all([failureOf({ ...check, byHand: endless }), failureOf({ ...check, byHand })]),
    );
    expect(first.message).toMatch(/sleep 60 {2}# not judged: 3 did not end in time$/);
    expect(second.message).toMatch(/# confirmed 3\/3$/);
    // Both at the same time count once.
    expect(view.tookMs).toBeGreaterThanOrEqual(lookMs);
    expect(view.tookMs).toBeLessThanOrEqual(performance.now() - begun);
    const third = await view.run(() => failureOf({ ...check, byHand }));
    const usedUp = `not run: the ${scaled(lookMs) / 1000} s for a look were used up`;
    expect(third.message).toBe(
      `a to b: expected an answer, got none\nat all\n  reproduce: node1$ false  # ${usedUp}`,
    );
    expect(view.looks.at(-1)?.byHand).toEqual({ line: "node1$ false", confirmed: usedUp });
  }, 30_000);

  test("is told after the one that is followed, and its line by hand is run for itself", async () => {
    const view = new View([host]);
    const told: string[] = [];
    const slow = { ...byHand, argv: ["sh", "-c", "sleep 1; false"] };
    const end = { name: "c-1", agent: () => Promise.reject(new Error("it is gone")) };
    const probe = {
      from: end,
      to: { name: "c-2" },
      protocol: "icmp",
      address: "192.0.2.9",
      ports: [],
    } as const;
    const fail = async (who: string, line: typeof byHand) => {
      const again = async () => {};
      told.push((await failureOf({ ...check, who, byHand: line, probe: { ...probe, again } })).message);
    };
    await view.run(() => Promise.all([fail("first", slow), fail("second", byHand)]));
    expect(told.map((text) => text.split(":", 1)[0])).toEqual(["first", "second"]);
    expect(told[0]).toContain("on which hop it was lost could not be seen: it is gone");
    expect(told.filter((text) => text.includes("confirmed 3/3"))).toHaveLength(2);
  }, 30_000);

  test("has its line by hand run when its check is not made once more, where it needs the same", async () => {
    const order: string[] = [];
    const others = Promise.withResolvers<void>();
    const end = {
      name: "c-1",
      agent: async () => {
        await others.promise;
        order.push("followed");
        throw new Error("it is gone");
      },
    };
    const probe = {
      from: end,
      to: { name: "c-2" },
      protocol: "icmp",
      address: "192.0.2.9",
      ports: [],
      again: async () => {},
    } as const;
    const fail = (who: string) => {
      const shows = () => {
        order.push(who);
        if (order.length === 3) others.resolve();
        return true;
      };
      return failureOf({ ...check, who, probe, byHand: { ...byHand, shows, apart: true } });
    };
    const failures = await new View([host]).run(() => Promise.all([fail("first"), fail("second")]));
    for (const { message } of failures) expect(message).toMatch(/# confirmed 3\/3$/);
    // The second one's check is not made once more: nothing is in the way of its line.
    expect(order).toEqual([...Array(3).fill("second"), "followed", ...Array(3).fill("first")]);
  }, 30_000);
});
