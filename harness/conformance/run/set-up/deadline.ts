import { within } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { describeEntry, recordCommands } from "#harness/host/transcript.ts";

/** What a driver does before chapters run, how that reads in a message, and for how long it may take. `PATIENCE` makes it longer. */
export const setUpSteps = {
  install: { doing: "installing", deadlineMs: 600_000 },
  connect: { doing: "connecting to", deadlineMs: 120_000 },
} as const;
export type SetUpStep = keyof typeof setUpSteps;

/** Commands that are told of those that ended last. */
const toldLast = 3;

/**
 * Resolves and rejects as `work` does, which a driver does on the nodes. One that has not ended by the deadline is an error that says what it was
 * doing: the commands that have not ended, and the last ones that have. What it still does is nobody's to wait for.
 */
export async function setUpInTime<T>(
  step: SetUpStep,
  title: string,
  work: () => Promise<T>,
  { doing, deadlineMs }: { readonly doing: string; readonly deadlineMs: number } = setUpSteps[step],
): Promise<T> {
  const { entries, underWay, done } = recordCommands(undefined, work);
  let ended = false;
  const ending = done.finally(() => {
    ended = true;
  });
  try {
    return await within({ what: `${step} of ${title}`, deadlineMs }, ending);
  } catch (error) {
    if (ended) throw error;
    const now = underWay();
    const waiting =
      now.length > 0
        ? `it waits for\n${now.map((line) => `    ${line}`).join("\n")}`
        : "it waits for no command on a node";
    const last = entries.slice(-toldLast).map((entry) => `    ${describeEntry(entry)}`);
    throw new HarnessError(
      [
        `${doing} ${title} did not end within ${scaled(deadlineMs) / 1000} s`,
        `  ${waiting}`,
        last.length > 0 ? `  the last commands that ended:\n${last.join("\n")}` : "  no command has ended",
      ].join("\n"),
      {
        cause: error,
        hint: `\`${step}\` of the driver must end by itself; PATIENCE makes its deadline longer`,
      },
    );
  }
}
