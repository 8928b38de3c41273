import { join } from "node:path";
import { DefaultReporter, type Reporter, type TestSpecification } from "vitest/node";
import { everything, type Selection } from "#harness/conformance/run/selection.ts";
import { allureOptions } from "./allure/labels.ts";
import { AllureReporter } from "./allure/reporter.ts";
import ConformanceReporter, { type ReporterSettings } from "./conformance/reporter.ts";
import { describeEnvironment } from "./environment.ts";
import { reportFiles } from "./files.ts";
import { targetOf } from "./target.ts";

/**
 * The reporters of the project, for `reporters` in a vitest config: those of targets, and vitest's own console where no
 * target is run.
 */
export function conformanceReporters(given: ReporterSettings, selection: Selection = everything): Reporter[] {
  return [...targetReporters(given, selection), withoutTargets(new DefaultReporter())];
}

/** The reporters of a run of targets alone: statement, JUnit and console, Allure. They write into `REPORTS`. */
export function targetReporters(given: ReporterSettings, selection: Selection): Reporter[] {
  const { host, node, packages, settings } = describeEnvironment(given);
  const environment = {
    drivers: String(settings.DRIVER),
    engines: String(settings.ENGINE),
    cluster: `${settings.CLUSTER}, ${settings.NODES || "all"} nodes`,
    host: `${host.platform} ${host.kernel} ${host.arch}`,
    node,
    ...Object.fromEntries(["vitest", "testcontainers"].map((name) => [name, packages[name] ?? ""])),
  };
  return [
    new ConformanceReporter(given, selection),
    new AllureReporter(
      allureOptions(join(given.REPORTS, reportFiles.allureResults), environment),
      given.REPORTS,
    ),
  ];
}

/** Lets `reporter` speak only in runs that select no target. */
function withoutTargets(reporter: Reporter): Reporter {
  let silent = false;
  return new Proxy(reporter, {
    get(wrapped, hook) {
      const value: unknown = Reflect.get(wrapped, hook);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (hook === "onTestRunStart") {
          const specifications = args[0] as readonly TestSpecification[];
          silent = specifications.some(({ project }) => targetOf(project) !== undefined);
        }
        return silent ? undefined : value.apply(wrapped, args);
      };
    },
  });
}
