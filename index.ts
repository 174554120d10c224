import * as pulumi from "@pulumi/pulumi";
import { rawConfigOfEngine } from "./config/engineConfig.ts";
import { ConfigError, reportFindings } from "./config/errors.ts";
import { parseConfig } from "./config/parse.ts";
import type { ClusterConfig } from "./config/schema.ts";
import { configWarnings } from "./config/warnings.ts";
import { design } from "./design/plan.ts";

/** Asked, decided, registered: the whole way of a stack. */
export default async function program(): Promise<object> {
  const config = readConfig();
  const plan = design(config);
  // Each platform brings its own packages; loading the others would only cost start-up time.
  const { eksPlatform } = await import("./components/eks/platform.ts");
  return eksPlatform(plan);
}

function readConfig(): ClusterConfig {
  try {
    const config = parseConfig(rawConfigOfEngine(pulumi.runtime.allConfig()));
    const warnings = configWarnings(config);
    if (warnings.length > 0) pulumi.log.warn(reportFindings(warnings));
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new pulumi.RunError(error.report(`Pulumi.${pulumi.getStack()}.yaml`));
  }
}
