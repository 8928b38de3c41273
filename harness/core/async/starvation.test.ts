import { afterEach, expect, test, vi } from "vitest";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { until, within } from "./poll.ts";
import { LoadProbe, MachineStarved } from "./starvation.ts";

afterEach(() => void vi.restoreAllMocks());

/** A clock that jumps when it is told to, as that of a process does which gets no processor meanwhile. */
function clock(): { jump(milliseconds: number): void } {
  const real = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, "now").mockImplementation(() => real() + ahead);
  return {
    jump(milliseconds) {
      ahead += milliseconds;
    },
  };
}

test("a deadline that passes while the process sleeps as it asked is one of who was waited for", () => {
  const probe = new LoadProbe();
  probe.took(1_000, 8_000);
  expect(probe.blame("it", 10_000)).toBeUndefined();
  probe.took(10, 1_010);
  expect(probe.blame("it", 10_000)?.message).toMatch(
    /^waited 10000 ms for it, of which .* no processor for 8000 ms\n {2}next: /,
  );
});

test("a short wait is no measure of the machine", async () => {
  const probe = new LoadProbe();
  probe.took(1, 2_900);
  expect(probe.blame("it", 2_900)).toBeUndefined();
  await expect(until({ what: "it", deadlineMs: 1 }, () => false)).rejects.toThrow(DeadlineExceeded);
});

test("where the machine has no time, a wait ends as neither an answer nor a silence", async () => {
  const { jump } = clock();
  const looked = until({ what: "an answer", deadlineMs: 10_000 }, () => {
    setImmediate(jump, 20_000);
    return false;
  });
  await expect(looked).rejects.toThrow(MachineStarved);
  expect(await looked.catch((error: unknown) => error)).not.toBeInstanceOf(DeadlineExceeded);
  setImmediate(jump, 20_000);
  const silent = within({ what: "work", deadlineMs: 10_000 }, new Promise(() => {}));
  await expect(silent).rejects.toThrow(MachineStarved);
});
