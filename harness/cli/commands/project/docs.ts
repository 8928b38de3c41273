import { commands } from "#harness/cli/commands.ts";
import { writeDocuments } from "#harness/cli/docs/documents.ts";
import { projectCommands } from "#harness/cli/project-commands.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";

const summary = "writes the tables of docs/ that programs know";

/** The tables of docs/ that programs know. */
export const command = newCommand("docs")
  .description(
    "Writes the tables of docs/ that programs know: settings, commands, capabilities, requirements, faults and others.",
  )
  .action(() => runMain(writeDocs));

async function writeDocs(): Promise<number> {
  const written = await writeDocuments({
    ...commands,
    ...projectCommands,
    docs: { summary, load: async () => ({ command }) },
  });
  console.log(written.length > 0 ? `written: ${written.join(", ")}` : "the documents are up to date");
  return 0;
}
