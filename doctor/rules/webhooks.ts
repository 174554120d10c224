import type {
  V1LabelSelector,
  V1MutatingWebhook,
  V1Pod,
  V1RuleWithOperations,
  V1ValidatingWebhook,
} from "@kubernetes/client-node";
import { plural } from "../../proof/claim.ts";
import type { Finding } from "../finding.ts";
import { selects } from "../selector.ts";
import { isReady } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";

type Webhook = V1ValidatingWebhook | V1MutatingWebhook;

interface Named {
  subject: string;
  webhook: Webhook;
}

/** Every webhook of the cluster. */
export function webhooksOf({ cluster }: Pick<Patient, "cluster">): Named[] {
  const of = (kind: string, list: { metadata?: { name?: string }; webhooks?: Webhook[] }[]) =>
    list.flatMap(({ metadata, webhooks }) =>
      (webhooks ?? []).map((webhook) => ({
        subject: `${kind} ${metadata?.name} (${webhook.name})`,
        webhook,
      })),
    );
  return [
    ...of("ValidatingWebhookConfiguration", cluster.validatingWebhooks),
    ...of("MutatingWebhookConfiguration", cluster.mutatingWebhooks),
  ];
}

/**
 * Webhooks whose failure refuses requests: what stands behind them, and what they would hold up.
 * Those that fail open are left alone. Source: Kubernetes "Admission webhook good practices".
 */
export function webhooks(patient: Patient): Verdicts {
  const findings: Finding[] = [];
  const unknown: string[] = [];
  for (const { subject, webhook } of webhooksOf(patient)) {
    // "Fail" is the default of admissionregistration.k8s.io/v1.
    if ((webhook.failurePolicy ?? "Fail") !== "Fail") continue;
    const { service, url } = webhook.clientConfig;
    findings.push(...systemMatches(subject, webhook, patient));
    if (service === undefined) {
      unknown.push(`what stands behind ${subject}: it is outside the cluster (${hostOf(url)})`);
      continue;
    }
    const backs = podsBehind(service, patient);
    if (backs === undefined) {
      unknown.push(`what stands behind ${subject}: its Service selects no pods`);
      continue;
    }
    findings.push(...fewBehind(subject, backs, patient));
    findings.push(...self(subject, webhook, service.namespace, backs, patient));
  }
  return { findings, unknown };
}

function hostOf(url: string | undefined): string {
  return /^https:\/\/([^/?#]+)/.exec(url ?? "")?.[1] ?? "no address";
}

/** Pods that a Service selects; undefined for one without a selector; none for one that is not there. */
function podsBehind(
  { namespace, name }: { namespace: string; name: string },
  { cluster }: Patient,
): V1Pod[] | undefined {
  const service = cluster.services.find(
    ({ metadata }) => metadata?.namespace === namespace && metadata.name === name,
  );
  if (service === undefined) return [];
  const selector = service.spec?.selector;
  if (selector === undefined) return undefined;
  return cluster.pods.filter(
    ({ metadata }) =>
      metadata?.namespace === namespace &&
      selects({ matchLabels: selector }, metadata.labels ?? {}),
  );
}

function fewBehind(subject: string, backs: V1Pod[], { places, cluster }: Patient): Finding[] {
  const ready = backs.filter(isReady);
  const { zones, nodes } = places.of(ready);
  const common = { rule: "webhook" as const, subject };
  const fix =
    "run two replicas or more, spread over zones, with a disruption budget; or failurePolicy: Ignore";
  if (ready.length === 0)
    return [
      {
        ...common,
        losses: ["admission"],
        certainty: "now",
        because: "it fails closed and nothing that is ready stands behind it",
        fix: "repair what serves it, or delete the configuration of what is gone",
      },
    ];
  if (ready.length === 1)
    return [
      {
        ...common,
        losses: ["zone", "node", "drain", "admission"],
        certainty: "now",
        because: `it fails closed with one replica, on ${nodes[0]}`,
        fix,
      },
    ];
  if (cluster.nodes.length > 1 && nodes.length === 1)
    return [
      {
        ...common,
        losses: ["zone", "node", "drain", "admission"],
        certainty: "now",
        because: `it fails closed and all ${ready.length} replicas are on ${nodes[0]}`,
        fix,
      },
    ];
  if (places.zones.length > 1 && zones.length === 1)
    return [
      {
        ...common,
        losses: ["zone", "admission"],
        certainty: "now",
        because: `it fails closed and all ${ready.length} replicas are in zone ${zones[0]}`,
        fix,
      },
    ];
  return [];
}

/** Namespaces of the cluster itself, and what must go on there while a webhook is down. */
const systems: { namespace: string; what: [group: string, resource: string][]; means: string }[] = [
  {
    namespace: "kube-system",
    what: [
      ["", "pods"],
      ["apps", "deployments"],
      ["apps", "replicasets"],
      ["apps", "daemonsets"],
      ["", "services"],
      ["", "endpoints"],
      ["discovery.k8s.io", "endpointslices"],
      ["", "configmaps"],
      ["", "secrets"],
      ["coordination.k8s.io", "leases"],
    ],
    means: "while it is down the cluster cannot repair itself",
  },
  {
    namespace: "kube-node-lease",
    what: [["coordination.k8s.io", "leases"]],
    means: "while it is down no node can say that it lives, and all become NotReady",
  },
];

/** Cluster-scoped objects that nodes need; a namespaceSelector does not keep a webhook from them. */
const ofNodes: [string, string][] = [
  ["", "nodes"],
  ["", "nodes/status"],
];

function systemMatches(subject: string, webhook: Webhook, { cluster }: Patient): Finding[] {
  const guarded = webhook.matchConditions ?? [];
  const found: { where: string; what: string[]; means: string }[] = [];
  for (const { namespace, what, means } of systems) {
    const there = cluster.namespaces.find(({ metadata }) => metadata?.name === namespace);
    if (there === undefined) continue;
    const labels = {
      "kubernetes.io/metadata.name": namespace,
      ...there.metadata?.labels,
    };
    if (!matches(webhook.namespaceSelector, labels)) continue;
    const hit = what.filter((one) => covers(webhook.rules, one, "Namespaced"));
    const objects = cluster.pods.filter(({ metadata }) => metadata?.namespace === namespace);
    if (hit.length === 0 || !mayMatchObjects(webhook.objectSelector, objects)) continue;
    found.push({ where: namespace, what: hit.map(([, resource]) => resource), means });
  }
  const nodes = ofNodes.filter((one) => covers(webhook.rules, one, "Cluster"));
  if (nodes.length > 0 && mayMatchObjects(webhook.objectSelector, cluster.nodes))
    found.push({
      where: "nodes",
      what: nodes.map(([, resource]) => resource),
      means: "while it is down no node can join or say how it is",
    });
  return found.map(({ where, what, means }) => ({
    rule: "webhook-system",
    subject,
    losses: ["admission"],
    certainty: guarded.length > 0 ? "luck" : "now",
    because:
      `it fails closed and matches ${where === "nodes" ? what.join(", ") : `${where} (${what.slice(0, 3).join(", ")})`}: ${means}` +
      (guarded.length > 0
        ? `, unless its ${plural(guarded.length, "matchCondition")} exempt it`
        : ""),
    fix:
      where === "nodes"
        ? "take nodes out of its rules, or failurePolicy: Ignore"
        : `exclude ${where} in its namespaceSelector: kubernetes.io/metadata.name NotIn [${where}]`,
  }));
}

/** A missing selector matches everything here. */
function matches(selector: V1LabelSelector | undefined, labels: Record<string, string>): boolean {
  return selector === undefined || selects(selector, labels);
}

/** Whether a selector of objects matches any that is there, or one without labels. */
function mayMatchObjects(
  selector: V1LabelSelector | undefined,
  objects: readonly { metadata?: { labels?: Record<string, string> } }[],
): boolean {
  if (matches(selector, {})) return true;
  return objects.some(({ metadata }) => matches(selector, metadata?.labels ?? {}));
}

/** Whether rules cover writes of a resource. */
function covers(
  rules: readonly V1RuleWithOperations[] | undefined,
  [group, resource]: [string, string],
  scope: "Namespaced" | "Cluster",
): boolean {
  return (rules ?? []).some((rule) => {
    const has = (list: readonly string[] | undefined, ...values: string[]) =>
      (list ?? []).some((one) => one === "*" || values.includes(one));
    const [kind = "", sub] = resource.split("/");
    const named = (rule.resources ?? []).some((one) =>
      sub === undefined
        ? one === "*" || one === "*/*" || one === kind
        : one === "*/*" || one === resource || one === `*/${sub}` || one === `${kind}/*`,
    );
    return (
      named &&
      has(rule.apiGroups, group) &&
      has(rule.operations, "CREATE", "UPDATE") &&
      ["*", undefined, scope].includes(rule.scope)
    );
  });
}

/** A webhook that must let its own pods pass cannot come back once they are all gone. */
function self(
  subject: string,
  webhook: Webhook,
  namespace: string,
  backs: readonly V1Pod[],
  { cluster }: Patient,
): Finding[] {
  const there = cluster.namespaces.find(({ metadata }) => metadata?.name === namespace);
  const labels = { "kubernetes.io/metadata.name": namespace, ...there?.metadata?.labels };
  if (!matches(webhook.namespaceSelector, labels)) return [];
  if (!covers(webhook.rules, ["", "pods"], "Namespaced")) return [];
  const own = backs.length === 0 ? [{}] : backs.map(({ metadata }) => metadata?.labels ?? {});
  if (!own.some((one) => matches(webhook.objectSelector, one))) return [];
  if ((webhook.matchConditions ?? []).length > 0) return [];
  return [
    {
      rule: "webhook-self",
      subject,
      losses: ["admission"],
      certainty: "now",
      because: `it fails closed and judges the pods of its own namespace ${namespace}: once they are all gone, it refuses their replacements`,
      fix: `exclude ${namespace} in its namespaceSelector, or its own pods in its objectSelector`,
    },
  ];
}
