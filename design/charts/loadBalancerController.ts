import type { AwsConfig } from "../../config/schema.ts";
import { podRole, type RolePlan } from "../iam.ts";
import { loadBalancerStatements } from "../iamStatements.ts";
import { awsPlace } from "../layer/place.ts";
import { clusterNames } from "../names.ts";
import { ports } from "../ports.ts";
import { zoneSpread } from "../workloads/topology.ts";
import { type ChartPlan, chartSource } from "./chart.ts";

const name = "aws-load-balancer-controller";

/**
 * AWS Load Balancer Controller, for target groups of the stack alone. It makes no balancer of its own:
 * one that only the cluster knows would keep its interfaces in the VPC when the stack goes, and would
 * stand in no plan. So it needs no right to make one, and no webhook that could refuse a Service.
 */
export function planLoadBalancerController(config: AwsConfig): {
  controller: ChartPlan;
  serviceAccount: string;
} {
  return {
    serviceAccount: name,
    controller: {
      release: name,
      namespace: "kube-system",
      source: chartSource(name, config.charts),
      values: {
        fullnameOverride: name,
        clusterName: config.name,
        region: config.region,
        ...awsPlace(config),
        replicaCount: 2,
        priorityClassName: "system-cluster-critical",
        podDisruptionBudget: { maxUnavailable: 1 },
        topologySpreadConstraints: [zoneSpread({ "app.kubernetes.io/instance": name }, false)],
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
        serviceAccount: { create: true, name },
        webhookBindPort: ports.loadBalancerWebhook,
        enableServiceMutatorWebhook: false,
        createIngressClassResource: false,
        ingressClassParams: { create: false },
        enableBackendSecurityGroup: false,
        enableShield: false,
        enableWaf: false,
        enableWafv2: false,
        controllerConfig: { featureGates: { EnableServiceController: false } },
        // A certificate of its own that stays through upgrades of the chart.
        keepTLSSecret: true,
      },
    },
  };
}

/** What the controller's pods may do on EKS. */
export function loadBalancerControllerRole({
  region,
  accountId,
  name: cluster,
}: AwsConfig): RolePlan {
  const { flowLogGroup } = clusterNames(cluster);
  return podRole(
    "load-balancer-controller",
    loadBalancerStatements({ region, account: accountId, cluster, flowLogGroup }),
  );
}
