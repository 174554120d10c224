import {
  disruptionBudget,
  podTemplate,
  type WorkloadConfig,
  workloadIdentity,
  workloadService,
} from "./workload.ts";

/** The objects of a stateless workload. */
export function planDeployment(config: WorkloadConfig) {
  const identity = workloadIdentity(config);
  const { labels, replicas } = identity;
  return {
    deployment: {
      apiVersion: "apps/v1" as const,
      kind: "Deployment" as const,
      metadata: { name: config.name, namespace: config.namespace, labels },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        // All replicas stay while a new one starts; it must be ready for a while to count.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        minReadySeconds: 5,
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 5,
        template: podTemplate(config, identity, "Deployment"),
      },
    },
    budget: disruptionBudget(config, identity),
    service: workloadService(config, identity, false),
  };
}
