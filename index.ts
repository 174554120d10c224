import * as pulumi from "@pulumi/pulumi";
import { rawConfigOfEngine } from "./config/engineConfig.ts";
import { ConfigError, reportFindings } from "./config/errors.ts";
import { parseConfig } from "./config/parse.ts";
import type { ClusterConfig } from "./config/schema.ts";
import { configWarnings } from "./config/warnings.ts";

/** Asked, decided, registered: the whole way of a stack. Its result is the stack's outputs. */
export default async function program(): Promise<object> {
  const config = readConfig();
  // Each platform brings its own packages; loading the others would only cost start-up time.
  switch (config.platform) {
    case "eks": {
      const { planEks } = await import("./design/eks.ts");
      const { eksStack } = await import("./components/eks/stack.ts");
      return eksStack(planEks(config));
    }
    case "ec2": {
      const { ec2Stack } = await import("./components/ec2/stack.ts");
      return ec2Stack(config);
    }
    case "hosts": {
      const { hostsStack } = await import("./components/hosts/stack.ts");
      const { endpoint, kubeconfig, certificateAuthority, etcdEndpoints } =
        await hostsStack(config);
      return { platform: "hosts", endpoint, kubeconfig, certificateAuthority, etcdEndpoints };
    }
    case "workers": {
      const { workersStack } = await import("./components/workers/stack.ts");
      return workersStack(config);
    }
  }
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
