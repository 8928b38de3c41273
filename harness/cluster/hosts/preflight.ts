import Table from "cli-table3";
import type { Role } from "#harness/cluster/cluster.ts";
import { overlaps } from "#harness/core/ip.ts";
import { freshRange, tutorialSubnets } from "#harness/core/project-subnets.ts";
import { type HostSurvey, kernelFeatures, neededTools, wantedTools } from "./survey.ts";

const usedSubnets = [...tutorialSubnets, freshRange];

const roles: readonly Role[] = ["management", "control", "data"];

/** Something that keeps a run from starting; `occupied` can be overruled by OCCUPIED=1. */
export interface Problem {
  readonly host: string;
  readonly what: string;
  readonly next: string;
  readonly occupied: boolean;
}

/** Why these hosts cannot be used as they are. The external host, the last one where `external`, needs no engine. */
export function problemsOf(surveys: readonly HostSurvey[], external = false): Problem[] {
  return surveys.flatMap((survey, index) => {
    const isExternal = external && index === surveys.length - 1;
    const problem = (what: string, next: string, occupied = false): Problem => ({
      ...{ host: survey.name, what, next, occupied },
    });
    if (survey.unreachable) {
      return [
        problem(
          survey.unreachable,
          "see that ssh to it works with the inventory's user and key, and sudo -n true there",
        ),
      ];
    }
    const missing = Object.entries(neededTools).filter(([tool]) => !survey.tools.includes(tool));
    const { containers, networks, swarm } = survey.held;
    const taken = clashes(survey.routes);
    return [
      ...(survey.root
        ? []
        : [problem("commands do not run as root", "log in as root, or set sudo: true in the inventory")]),
      ...missing.map(([tool, purpose]) => problem(`lacks ${tool}: ${purpose}`, `install ${tool}`)),
      ...(survey.interfacesError ? [problem(survey.interfacesError, "correct the inventory")] : []),
      ...(isExternal || survey.engine
        ? []
        : [problem(`no Docker Engine answers: ${survey.engineError}`, "install and start one")]),
      ...(containers.length > 0
        ? [problem(`holds containers of somebody: ${some(containers)}`, "remove them", true)]
        : []),
      ...(networks.length > 0
        ? [problem(`holds networks of somebody: ${some(networks)}`, "remove them", true)]
        : []),
      ...(swarm ? [problem("is in a swarm of somebody", "docker swarm leave", true)] : []),
      ...(isExternal
        ? []
        : taken.map((subnet) => problem(`routes ${subnet}, which the chapters need`, "free it", true))),
    ];
  });
}

/** What the hosts are and have, for people: a column for each host. */
export function describeSurveys(surveys: readonly HostSurvey[]): string {
  const table = new Table({
    head: ["", ...surveys.map(({ name }) => name)],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
  });
  const row = (what: string, cell: (survey: HostSurvey) => string) =>
    table.push([what, ...surveys.map((survey) => (survey.unreachable ? "" : cell(survey)))]);
  table.push(["reached", ...surveys.map(({ unreachable }) => (unreachable ? cut(unreachable) : "yes"))]);
  row("runs as root", ({ root }) => yes(root));
  row("host name", ({ hostName }) => hostName);
  row("system", ({ system }) => system);
  row("kernel", ({ kernel }) => kernel);
  row(
    "Docker Engine",
    ({ engine, engineError }) => engine ?? (engineError ? cut(engineError) : "not needed"),
  );
  for (const role of roles) {
    row(role, ({ interfaces, interfacesError }) =>
      interfaces ? `${interfaces[role].device} ${interfaces[role].address}` : cut(interfacesError ?? ""),
    );
  }
  for (const tool of Object.keys(neededTools))
    row(tool, ({ tools }) => (tools.includes(tool) ? "yes" : "MISSING"));
  for (const tool of Object.keys(wantedTools)) row(tool, ({ tools }) => yes(tools.includes(tool)));
  for (const feature of kernelFeatures) {
    row(`kernel: ${feature}`, ({ kernelHas }) => {
      const has = kernelHas[feature];
      return has === undefined ? "not told, tried when needed" : yes(has);
    });
  }
  row("subnets in use", ({ routes }) => clashes(routes).join(", ") || "none of ours");
  row("holds", ({ held: { containers, networks, swarm } }) => {
    const parts = [
      ...(containers.length > 0 ? [`${containers.length} containers`] : []),
      ...(networks.length > 0 ? [`${networks.length} networks`] : []),
      ...(swarm ? ["a swarm"] : []),
    ];
    return parts.join(", ") || "nothing of somebody's";
  });
  row("left by a run", ({ marker }) =>
    marker ? `${marker.id} of ${marker.by}${marker.kept ? ", kept" : ""}` : "nothing",
  );
  return table.toString();
}

/** One line for each problem, with what to do. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ host, what, next }) => `${host}: ${what}\n  next: ${next}`).join("\n");
}

/** Subnets that the chapters use and a route already leads into, or that lie in a routed one. */
function clashes(routes: readonly string[]): string[] {
  return routes.filter((route) => usedSubnets.some((subnet) => overlaps(route, subnet)));
}

function yes(value: boolean): string {
  return value ? "yes" : "no";
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)} …` : text;
}
