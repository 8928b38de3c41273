import { join } from "node:path";
import { DefaultReporter, type Reporter, type TestSpecification } from "vitest/node";
import { readSettings } from "#harness/core/settings/settings.ts";
import { allureOptions } from "./allure/labels.ts";
import { AllureReporter } from "./allure/reporter.ts";
import ConformanceReporter from "./conformance/reporter.ts";
import { describeEnvironment } from "./environment.ts";
import { reportFiles } from "./files.ts";
import { targetOf } from "./target.ts";

/**
 * The reporters of the project, for `reporters` in a vitest config: statement, JUnit and console for targets, Allure,
 * and vitest's own console where no target is run. `outputDir` defaults to the setting REPORTS.
 */
export function conformanceReporters({ outputDir = readSettings().REPORTS } = {}): Reporter[] {
  const { host, node, packages, settings } = describeEnvironment();
  const environment = {
    drivers: String(settings.DRIVER),
    engines: String(settings.ENGINE),
    cluster: `${settings.CLUSTER}, ${settings.NODES || "all"} nodes`,
    host: `${host.platform} ${host.kernel} ${host.arch}`,
    node,
    ...Object.fromEntries(["vitest", "testcontainers"].map((name) => [name, packages[name] ?? ""])),
  };
  return [
    new ConformanceReporter({ outputDir }),
    new AllureReporter(allureOptions(join(outputDir, reportFiles.allureResults), environment), outputDir),
    withoutTargets(new DefaultReporter()),
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
