import { z } from "zod";

const pattern = z.string().transform((text, context) => {
  try {
    return new RegExp(text);
  } catch (error) {
    context.addIssue(`a regular expression (${(error as Error).message})`);
    return z.NEVER;
  }
});

/** What carries the text's plugin chapters, by the name of its driver; or nothing. */
export type Plugin = string;
export const noPlugin = "none";
const plugin = z.string().min(1);

/** The plugins for which something holds: one or several; left out, all. */
const plugins = z
  .union([plugin, z.array(plugin).min(1)])
  .transform((given) => [given].flat())
  .optional();

const condition = {
  /** The heading of the step's chapter. */
  chapter: pattern.optional(),
  plugin: plugins,
};

const withGroup = (group: string) =>
  pattern.refine((made) => made.source.includes(`(?<${group}>`), {
    error: `a pattern with the group (?<${group}>…)`,
  });

const prompt = z.strictObject({
  pattern: withGroup("command"),
  place: z.enum(["node", "container", "unnamed"]),
});

/** An image that the nodes have before the first command: the workload image under another name. */
const image = z.strictObject({
  /** What a container of it runs, as a shell reads it; a shell where it is left out. */
  command: z.string().min(1).optional(),
});

const placeholder = z.strictObject({
  /** As the text says it, e.g. `<TOKEN>`. */
  text: z.string().min(1),
  /** The command in whose output it stands; the last one that printed it counts. */
  command: pattern,
  output: withGroup("value"),
});

const name = z.strictObject({
  /** As the text says it. */
  text: z.string().min(1),
  /** As it is called here; may hold {{…}}. */
  live: z.string().min(1),
  plugin: plugins,
  /** Only what a command prints is translated back; what is typed stays. */
  outputOnly: z.boolean().default(false),
});

const command = z.strictObject({
  match: pattern,
  ...condition,
  /** What runs instead; $1… are the groups of `match`, {{…}} are facts of the cluster. */
  run: z.string().optional(),
  /** Node on which it runs instead of the one that the prompt names; may hold $1… and {{…}}. */
  on: z.string().optional(),
  /** Opens a window on this node, as the text calls it, instead of running anything. */
  login: z.string().optional(),
  /** Why it cannot run. */
  notRunnable: z.string().optional(),
  /** A shell test on the node; where it succeeds, the command is not run, for the reason in `notRunnable`. */
  unless: z.string().optional(),
  /** Said to the reader. */
  why: z.string().optional(),
});

const claim = z.strictObject({
  id: z.string(),
  /** Commands that touch the claim, one pattern per kind. */
  commands: z.array(pattern).min(1),
  chapter: pattern.optional(),
});

/** The mapping file: how a text that was written for other machines is run on these. */
export const mappingShape = z.strictObject({
  version: z.literal(1),
  /** Prompts beside those that are known anyway. */
  prompts: z.array(prompt).default([]),
  /** How sentences name the host of the transcripts below them, where the prompts do not. */
  prose: z.array(withGroup("host")).default([]),
  /** The host at which the text begins, where its prompts name none. */
  start: z.string().optional(),
  /** What carries the plugin's chapters, where the command line does not say. */
  plugin: plugin.default("reference"),
  /** Nodes by the names that the text gives them; others are errors. */
  nodes: z.record(z.string(), z.string()),
  /** Missing parts that are put onto the nodes before the first command. */
  provide: z.array(z.enum(["ifconfig", "images", "netctl", "swarm"])).default([]),
  /** Images that the text's commands name; nothing is pulled. */
  images: z.record(z.string(), image).default({ alpine: {} }),
  names: z.array(name).default([]),
  /** What the text leaves to the reader to fill in from what an earlier command has printed. */
  placeholders: z.array(placeholder).default([]),
  /** Commands that end only when they are interrupted. */
  endless: z.array(pattern).default([]),
  /** Commands that wait for a connection; the group `port` is where they listen. */
  listening: z.array(pattern).default([]),
  commands: z.array(command).default([]),
  /** Words that mean the same, the text's first. */
  equivalent: z.array(z.array(z.string()).min(2)).default([]),
  /** Names that the text's tables and listings show but nothing in the text makes. */
  foreign: z.array(pattern).default([]),
  claims: z.array(claim).default([]),
});

export type Mapping = z.output<typeof mappingShape>;

/** Whether what is for those plugins holds for this one. */
export function holdsFor(plugins: readonly Plugin[] | undefined, plugin: Plugin): boolean {
  return plugins?.includes(plugin) ?? true;
}
