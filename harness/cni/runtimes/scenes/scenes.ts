import type { NetworkList, RuntimeUnderTest } from "#harness/cni/runtimes/runtime-under-test.ts";
import { within } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import type { Played, SceneName } from "./played.ts";
import { Stage } from "./stage.ts";

/** One scene: what it asks of a runtime. */
interface Scene {
  /** Whether a runtime can play it. */
  readonly fits?: (runtime: RuntimeUnderTest) => boolean;
  readonly play: (stage: Stage) => Promise<void>;
}

/** Three recording plugins: the first declares the capability that every container uses, the last refuses it. */
function list(stage: Stage, changes: Partial<NetworkList> = {}): NetworkList {
  return {
    name: "nc-net",
    cniVersion: stage.runtime.speaks,
    plugins: [
      {
        type: "one",
        capabilities: { portMappings: true },
        "example.com/settings": { deep: [1, null, "x"], on: false },
        "cni.dev/reserved": 1,
      },
      { type: "two", mtu: 1450, nothing: {} },
      { type: "three", capabilities: { portMappings: false, bandwidth: true } },
    ],
    ...changes,
  };
}

/** How often STATUS is asked while something is held: so long a runtime has time for what it must not do meanwhile. */
const rounds = 3;

const scenes: Readonly<Record<SceneName, Scene>> = {
  ordinary: {
    async play(stage) {
      await stage.configure(list(stage));
      await stage.add("a");
      await stage.check("a");
      await stage.del("a");
      await stage.del("a");
    },
  },
  versions: {
    fits: ({ speaks }) => speaks === "1.1.0",
    async play(stage) {
      await stage.configure(list(stage, { cniVersion: "0.4.0", cniVersions: ["0.4.0", "1.1.0", "1.0.0"] }));
      await stage.add("a");
      await stage.del("a");
    },
  },
  "refused ADD": {
    async play(stage) {
      await stage.configure(list(stage));
      await stage.recording.refuse("two", "ADD");
      await stage.add("a");
      await stage.abandon("a");
    },
  },
  "refused DEL": {
    async play(stage) {
      await stage.configure(list(stage));
      await stage.add("a");
      await stage.recording.refuse("two", "DEL");
      await stage.del("a");
      await stage.recording.obey();
      await stage.del("a");
    },
  },
  "refused CHECK": {
    fits: ({ check }) => check !== undefined,
    async play(stage) {
      await stage.configure(list(stage));
      await stage.add("a");
      await stage.recording.refuse("two", "CHECK");
      await stage.check("a");
      await stage.recording.obey();
      await stage.del("a");
    },
  },
  "at once": {
    async play(stage) {
      await stage.configure(list(stage));
      if ((await stage.add("a")).error !== undefined) return;
      await stage.recording.hold("three", "DEL");
      const first = stage.del("a");
      await stage.recording.held("three", "DEL");
      const second = stage.del("a");
      const other = stage.add("b");
      // One that waits for the held one would wait without end.
      await within({ what: "ADD of b", deadlineMs: 10_000 }, other).catch((error: unknown) => {
        if (!(error instanceof DeadlineExceeded)) throw error;
      });
      await stage.recording.release();
      await Promise.all([first, second, other]);
      await stage.del("b");
    },
  },
  restart: {
    fits: ({ restart }) => restart !== undefined,
    async play(stage) {
      await stage.configure(list(stage));
      await stage.add("a");
      await stage.runtime.restart?.();
      await stage.del("a");
    },
  },
  "two attachments": {
    fits: ({ attachments }) => attachments > 1,
    async play(stage) {
      await stage.configure(list(stage), list(stage, { name: "nc-other" }));
      await stage.add("a");
      await stage.del("a");
    },
  },
  disabled: {
    fits: ({ check, gc }) => check !== undefined || gc !== undefined,
    async play(stage) {
      await stage.configure(list(stage, { disableCheck: true, disableGC: true }));
      await stage.add("a");
      await stage.check("a");
      await stage.gc("a");
      await stage.del("a");
    },
  },
  "old version": {
    async play(stage) {
      await stage.configure(list(stage, { cniVersion: "0.3.1" }));
      await stage.add("a");
      await stage.check("a");
      await stage.gc("a");
      await stage.status();
      await stage.del("a");
    },
  },
  stranger: {
    fits: ({ check }) => check !== undefined,
    async play(stage) {
      await stage.configure(list(stage));
      await stage.check("stranger");
    },
  },
  garbage: {
    fits: ({ gc }) => gc !== undefined,
    async play(stage) {
      await stage.configure(list(stage));
      await stage.add("a");
      await stage.add("b");
      await stage.gc("a");
      await stage.recording.refuse("one", "GC");
      await stage.recording.refuse("three", "GC");
      await stage.gc("a");
      await stage.recording.obey();
      await stage.del("a");
    },
  },
  "garbage alone": {
    fits: ({ gc, status }) => gc !== undefined && status !== undefined,
    async play(stage) {
      await stage.configure(list(stage));
      if ((await stage.add("a")).error !== undefined) return;
      await stage.recording.hold("one", "ADD");
      const added = stage.add("b");
      await stage.recording.held("one", "ADD");
      const collected = stage.gc("a", "b");
      for (let round = 0; round < rounds; round += 1) await stage.status();
      await stage.recording.release();
      await Promise.all([added, collected]);
      await stage.recording.hold("one", "GC");
      const again = stage.gc("a", "b");
      await stage.recording.held("one", "GC");
      const deleted = stage.del("a");
      for (let round = 0; round < rounds; round += 1) await stage.status();
      await stage.recording.release();
      await Promise.all([again, deleted]);
      await stage.del("b");
    },
  },
  status: {
    fits: ({ status }) => status !== undefined,
    async play(stage) {
      await stage.configure(list(stage));
      await stage.status();
      await stage.recording.refuse("two", "STATUS");
      await stage.status();
    },
  },
};

/** Plays every scene that the runtime can play, one after the other. */
export async function playScenes(
  runtime: RuntimeUnderTest,
  onScene: (name: SceneName) => void = () => {},
): Promise<Played[]> {
  const played: Played[] = [];
  for (const [name, { fits, play }] of Object.entries(scenes) as [SceneName, Scene][]) {
    if (fits && !fits(runtime)) continue;
    onScene(name);
    const stage = new Stage(runtime);
    await play(stage);
    played.push(await stage.played(name));
    await runtime.recording.obey();
  }
  return played;
}
