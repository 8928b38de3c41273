import { Argument, Option } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { UsageError } from "#harness/core/errors.ts";
import { compareWith, nearestText } from "#harness/tools/specification/compare.ts";
import { describeComparison, describeTexts } from "#harness/tools/specification/describe.ts";
import { readText } from "#harness/tools/specification/read-text.ts";
import { type TextName, textNames, texts } from "#suites/requirements/sources/texts.ts";

/** Whether a text of a specification is still what the requirements were made from. */
export const command = newCommand("spec")
  .description(
    "Reads a text of the CNI specification or of the CNM protocols sentence by sentence, and says what changed, is new and is gone since the requirements were made from it. Without a text: how many sentences each pinned text has, and what stands for them.",
  )
  .addArgument(new Argument("[text]", "a Markdown file, or its URL"))
  .addOption(
    completing(new Option("--as <name>", "the pinned text to compare with; default: the nearest"), () =>
      textNames.map((value) => ({ value, says: texts[value].title })),
    ),
  )
  .addHelpText("after", "\nThe exit code is 1 where a sentence changed, is new or is gone.")
  .action((text: string | undefined, { as }: { as?: string }) => runMain(() => tell(text, as)));

async function tell(given: string | undefined, as: string | undefined): Promise<number> {
  const isName = (name: string): name is TextName => Object.hasOwn(texts, name);
  if (as !== undefined && !isName(as)) {
    throw new UsageError(`--as ${as}: expected one of ${textNames.join(", ")}`);
  }
  if (given === undefined) {
    if (as !== undefined) throw new UsageError(`--as ${as}: expected a text to compare with it, got none`);
    console.log(describeTexts());
    return 0;
  }
  const markdown = await readText(given);
  const name = as ?? nearestText(markdown);
  if (name === undefined) {
    throw new UsageError(
      `${given}: expected one of ${textNames.join(", ")}, got a text with no sentence of any`,
    );
  }
  const comparison = compareWith(name, markdown);
  console.log(describeComparison(comparison));
  return comparison.changed.length + comparison.added.length + comparison.gone.length === 0 ? 0 : 1;
}
