import { Argument } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { surveyHosts } from "#harness/cluster/hosts/hosts.ts";
import { inventorySchema } from "#harness/cluster/hosts/inventory.ts";
import { describeProblems, describeSurveys, problemsOf } from "#harness/cluster/hosts/preflight.ts";
import { inventoryOf } from "#harness/cluster/hosts/provider.ts";
import { targetEngines } from "#harness/cluster/providers.ts";
import { openTarget } from "#harness/conformance/run/target.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { down } from "./cluster/down.ts";
import { clusterNames, hostNames } from "./cluster/hosts.ts";
import { ssh } from "./cluster/ssh.ts";
import { status } from "./cluster/status.ts";

const progress = progressOn(process.stderr);

const program = newCommand("cluster")
  .enablePositionalOptions()
  .description("Clusters that stay up between runs, and hosts that exist.");

program
  .command("up")
  .description("brings up a cluster for every DRIVER and ENGINE and leaves it up")
  .action(() => runMain(up));

program
  .command("down")
  .description(
    "removes every cluster of this user, and what interrupted runs left behind; with ids only these",
  )
  .addArgument(
    completing(new Argument("[id...]", "clusters as status lists them, e.g. nc-905f02"), clusterNames),
  )
  .action((ids: string[]) => runMain(() => down(ids)));

program
  .command("status")
  .description(
    "lists the clusters, how to reach their nodes, and what differs on kept ones from their baseline",
  )
  .action(() => runMain(() => status(readSettings())));

program
  .command("ssh")
  .description("opens a shell on a host of a cluster, or runs a command there")
  .addArgument(
    completing(
      new Argument("<host>", "node1, node2, … or external; CLUSTER-ID/node1 where several clusters are up"),
      hostNames,
    ),
  )
  .option("-t, --tty", "with a command: give it a terminal")
  .passThroughOptions()
  .argument(
    "[command...]",
    "what to run instead of a shell; joined by blanks, for the shell of the host, as ssh does it",
  )
  .action((host: string, words: string[], options: { tty?: boolean }) =>
    runMain(() => ssh(host, words, options)),
  );

program
  .command("preflight")
  .description("lists what the hosts of INVENTORY are, have and lack; changes nothing")
  .action(() => runMain(preflight));

program
  .command("inventory-schema")
  .description("prints the JSON Schema of inventory files, for editors")
  .action(() =>
    runMain(async () => {
      console.log(JSON.stringify(inventorySchema(), null, 2));
      return 0;
    }),
  );

/** Clusters that stay up between runs. */
export { program as command };

async function up(): Promise<number> {
  const settings = readSettings();
  for (const engine of await targetEngines(settings)) {
    for (const driver of settings.DRIVER) {
      const target = await openTarget(settings, progress, driver, engine);
      try {
        await target.baseline();
      } finally {
        await target.keep();
      }
    }
  }
  return status(settings);
}

async function preflight(): Promise<number> {
  const inventory = inventoryOf(readSettings());
  const surveys = await progress.step(`looking at the hosts of ${inventory.source}`, () =>
    surveyHosts(inventory),
  );
  console.log(describeSurveys(surveys));
  const problems = problemsOf(surveys, inventory.external !== undefined);
  if (problems.length > 0) console.log(describeProblems(problems));
  if (!inventory.external) {
    console.log("the inventory names no external host: requirements that need the external host are blocked");
  }
  console.log(problems.length === 0 ? "the hosts are fit" : "the hosts cannot be used as they are");
  return problems.length === 0 ? 0 : 1;
}
