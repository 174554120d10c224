import type { IngressConfig, IngressListenerConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import { malformed } from "./addresses.ts";
import { namespaceName } from "./namespaces.ts";

/** Longest name of a Service's port. Source: Kubernetes API, ServicePort. */
const portName = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;

/** Kubernetes' default range of node ports. */
const nodePorts = { from: 30000, to: 32767 };

/**
 * Who may come in, at which ports, to which pods.
 * @param targets "pods": the balancer reaches pods. "nodes": it reaches a port of every worker, because
 *   pods have addresses of their own network.
 */
export function ingress(config: IngressConfig | undefined, targets: "pods" | "nodes"): Finding[] {
  if (config === undefined) return [];
  const findings = [
    ...namespaceName("ingress.namespace", config.namespace),
    ...malformed(
      config.clientCidrs.map((text, index) => ({
        key: `ingress.clientCidrs[${index}]`,
        text,
        what: "Clients",
      })),
    ),
    ...listeners(config.listeners, targets),
  ];
  if (config.scheme === "internet-facing" && config.clientCidrs.length === 0)
    findings.push({
      key: "ingress.clientCidrs",
      value: config.clientCidrs,
      remedy: 'List who may connect; "0.0.0.0/0" for everybody.',
      rule: "A balancer on the internet says whom it is for.",
    });
  if (Object.keys(config.selector).length === 0)
    findings.push({
      key: "ingress.selector",
      value: config.selector,
      remedy: 'Name a label of the pods, e.g. { app.kubernetes.io/name: "gateway" }.',
      rule: "Without one the Service has no pods.",
    });
  return findings;
}

type Listeners = Record<string, IngressListenerConfig>;

function listeners(all: Listeners, targets: "pods" | "nodes"): Finding[] {
  const entries = Object.entries(all);
  if (entries.length === 0)
    return [
      {
        key: "ingress.listeners",
        value: all,
        remedy: "Add one, e.g. https: { port: 443, podPort: 8443 }.",
        rule: "A balancer without a port serves nobody.",
      },
    ];
  return [
    ...entries
      .filter(([name]) => !portName.test(name))
      .map(([name]) => ({
        key: `ingress.listeners.${name}`,
        value: undefined,
        remedy: 'Use up to 15 of a-z, 0-9 and "-".',
        rule: "It becomes the name of a Service's port.",
      })),
    ...entries.flatMap(([name, listener]) =>
      (["port", "podPort"] as const)
        .filter((which) => listener[which] < 1 || listener[which] > 65535)
        .map((which) => ({
          key: `ingress.listeners.${name}.${which}`,
          value: listener[which],
          remedy: "Use 1 to 65535.",
          rule: "TCP has no other ports.",
        })),
    ),
    ...twice(entries, "port"),
    ...(targets === "nodes" ? openedByNodes(entries) : unusedNodePorts(entries)),
  ];
}

function openedByNodes(entries: [string, IngressListenerConfig][]): Finding[] {
  const { from, to } = nodePorts;
  return [
    ...entries
      .filter(([, { nodePort }]) => nodePort === undefined || !(nodePort >= from && nodePort <= to))
      .map(([name, { nodePort }]) => ({
        key: `ingress.listeners.${name}.nodePort`,
        value: nodePort,
        remedy: `Choose one from ${from} to ${to}.`,
        rule: "Pods have addresses of an overlay, so the balancer reaches a port of every worker.",
      })),
    ...twice(entries, "nodePort"),
  ];
}

function unusedNodePorts(entries: [string, IngressListenerConfig][]): Finding[] {
  return entries
    .filter(([, { nodePort }]) => nodePort !== undefined)
    .map(([name, { nodePort }]) => ({
      key: `ingress.listeners.${name}.nodePort`,
      value: nodePort,
      remedy: "Remove it.",
      rule: "Pods have addresses of the VPC here: the balancer reaches them without a node port.",
    }));
}

function twice(entries: [string, IngressListenerConfig][], which: "port" | "nodePort"): Finding[] {
  const values = entries.map(([, listener]) => listener[which]);
  return entries
    .filter((_, index) => {
      const value = values[index];
      return value !== undefined && values.indexOf(value) !== index;
    })
    .map(([name, listener]) => ({
      key: `ingress.listeners.${name}.${which}`,
      value: listener[which],
      remedy: "Give each listener one of its own.",
      rule: "Another listener has it.",
    }));
}
