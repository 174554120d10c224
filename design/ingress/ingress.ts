import type { IngressConfig, IngressListenerConfig } from "../../config/clusterLayer.ts";
import type { AwsConfig } from "../../config/schema.ts";
import type { ChartPlan } from "../charts/chart.ts";
import {
  loadBalancerControllerRole,
  planLoadBalancerController,
} from "../charts/loadBalancerController.ts";
import type { RolePlan } from "../iam.ts";

/** The way in for users: the stack's own balancer, and a controller that keeps its targets. */
export interface IngressPlan {
  controller: ChartPlan;
  serviceAccount: string;
  /** On EKS: the controller's role, by pod identity. */
  role?: RolePlan;
  balancer: BalancerPlan;
  namespace: ReturnType<typeof namespaceOf>;
  service: ReturnType<typeof serviceOf>;
  /** By listener; which target group each has is known once that exists. */
  bindings: Record<string, ReturnType<typeof bindingOf>>;
}

export interface BalancerPlan {
  internal: boolean;
  /** Subnets in which it stands, one in each zone. */
  tier: "private" | "public";
  /** "ip": pods have addresses of the VPC. "instance": a port of every worker. */
  targetType: "ip" | "instance";
  /** Who may connect. */
  clientCidrs: string[];
  listeners: { name: string; port: number; targetPort: number }[];
  protect: boolean;
}

const serviceName = "ingress";

/** Undefined where the stack asks for none. */
export function planIngress(config: AwsConfig): IngressPlan | undefined {
  const { ingress } = config;
  if (ingress === undefined) return undefined;
  const targetType = config.platform === "eks" ? "ip" : "instance";
  const internal = ingress.scheme === "internal";
  const listeners = Object.entries(ingress.listeners).map(([name, listener]) => ({
    name,
    port: listener.port,
    targetPort: targetPort(listener, targetType),
  }));
  return {
    ...planLoadBalancerController(config),
    ...(config.platform === "eks" ? { role: loadBalancerControllerRole(config) } : {}),
    balancer: {
      internal,
      tier: internal ? "private" : "public",
      targetType,
      clientCidrs: ingress.clientCidrs.length === 0 ? [config.network.cidr] : ingress.clientCidrs,
      listeners,
      protect: config.deletionProtection,
    },
    namespace: namespaceOf(ingress),
    service: serviceOf(ingress, targetType),
    bindings: Object.fromEntries(
      listeners.map(({ name, port }) => [name, bindingOf(ingress, name, port, targetType)]),
    ),
  };
}

function targetPort(listener: IngressListenerConfig, targetType: BalancerPlan["targetType"]) {
  return targetType === "ip" ? listener.podPort : (listener.nodePort ?? listener.podPort);
}

function namespaceOf({ namespace }: IngressConfig) {
  return { apiVersion: "v1" as const, kind: "Namespace" as const, metadata: { name: namespace } };
}

/** Stands between the balancer and whatever pods have the labels: an ingress controller, a gateway. */
function serviceOf(
  { namespace, selector, listeners }: IngressConfig,
  targetType: BalancerPlan["targetType"],
) {
  return {
    apiVersion: "v1" as const,
    kind: "Service" as const,
    metadata: { name: serviceName, namespace },
    spec: {
      type: targetType === "ip" ? ("ClusterIP" as const) : ("NodePort" as const),
      // Any worker forwards to any pod: a worker that loses its pods stays a target that serves.
      ...(targetType === "ip" ? {} : { externalTrafficPolicy: "Cluster" as const }),
      selector,
      ports: Object.entries(listeners).map(([name, { port, podPort, nodePort }]) => ({
        name,
        port,
        targetPort: podPort,
        protocol: "TCP",
        ...(targetType === "ip" || nodePort === undefined ? {} : { nodePort }),
      })),
    },
  };
}

/** Tells the controller to keep a target group of the stack; it opens no security group. */
function bindingOf(
  { namespace }: IngressConfig,
  listener: string,
  port: number,
  targetType: BalancerPlan["targetType"],
) {
  return {
    apiVersion: "elbv2.k8s.aws/v1beta1" as const,
    kind: "TargetGroupBinding" as const,
    metadata: { name: `${serviceName}-${listener}`, namespace },
    spec: {
      serviceRef: { name: serviceName, port },
      targetType,
      ...(targetType === "ip"
        ? {}
        : {
            nodeSelector: {
              matchExpressions: [
                { key: "node-role.kubernetes.io/control-plane", operator: "DoesNotExist" },
              ],
            },
          }),
    },
  };
}
