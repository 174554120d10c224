import { defaultsLabel, hostKey, zoneKey } from "../workloads/labels.ts";
import { revisionLabel } from "../workloads/topology.ts";
import { systemNamespaces } from "./systemNamespaces.ts";

/** What workloads get that say nothing, in namespaces that ask for it. */
interface DefaultRule {
  name: string;
  /** Plural names of group apps, version v1. */
  resources: string[];
  /** CEL; the rule applies when all are true. A default never overrules what was said. */
  conditions: Record<string, string>;
  /** CEL; an apply configuration is merged into the object, a patch puts something where nothing is. */
  mutation: { patchType: "ApplyConfiguration" | "JSONPatch"; expression: string };
}

/** Requests of a container that has none: enough to be counted, little enough to fit. */
const requests = { cpu: "100m", memory: "128Mi" } as const;

const pod = "object.spec.template.spec";
const podType = "Object.spec.template.spec";
const inPod = (fields: string): string =>
  `Object{spec: Object.spec{template: Object.spec.template{spec: ${podType}{${fields}}}}}`;

const many = "!has(object.spec.replicas) || object.spec.replicas != 1";
const plainSelector = "has(object.spec.selector.matchLabels)";
const hasAntiAffinity = `has(${pod}.affinity) && has(${pod}.affinity.podAntiAffinity)`;
const required = `${pod}.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution`;
const keepsApart =
  `${hasAntiAffinity} && has(${required}) && ` +
  `${required}.exists(t, t.topologyKey == "${zoneKey}")`;
const isDeployment = 'request.resource.resource == "deployments"';

const constraint = (revision: string): string => {
  const type = `${podType}.topologySpreadConstraints`;
  return (
    `${type}{maxSkew: 1, topologyKey: "${zoneKey}", whenUnsatisfiable: "DoNotSchedule", ` +
    `nodeTaintsPolicy: "Honor", ${revision}` +
    `labelSelector: ${type}.labelSelector{matchLabels: object.spec.selector.matchLabels}}`
  );
};

/** Selectors are replaced as a whole, which an apply configuration may not do. */
const added = (path: string, value: string): string =>
  `JSONPatch{op: "add", path: "/spec/template/spec/${path}", value: ${value}}`;

const constraints = "topologySpreadConstraints";

/** An empty list first: the API server of 1.36.3 fails on a list of objects as a patch's value. */
const addConstraint = (value: string): string =>
  `[${added(constraints, "[]")}, ${added(`${constraints}/-`, value)}]`;

/** A new revision's pods are counted alone, where there is a label for it. */
const spread =
  `${isDeployment} ` +
  `? ${addConstraint(constraint(`matchLabelKeys: ["${revisionLabel}"], `))} ` +
  `: ${addConstraint(constraint(""))}`;

const affinityType = `${podType}.affinity`;
const preferredType = `${affinityType}.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution`;
const termType = `${preferredType}.podAffinityTerm`;

const antiAffinity =
  `${affinityType}.podAntiAffinity{` +
  `preferredDuringSchedulingIgnoredDuringExecution: [${preferredType}{weight: 100, ` +
  `podAffinityTerm: ${termType}{topologyKey: "${hostKey}", ` +
  `labelSelector: ${termType}.labelSelector{matchLabels: object.spec.selector.matchLabels}}}]}`;

const apart =
  `has(${pod}.affinity) ` +
  `? [${added("affinity/podAntiAffinity", antiAffinity)}] ` +
  `: [${added("affinity", `${affinityType}{podAntiAffinity: ${antiAffinity}}`)}]`;

const containerType = `${podType}.containers`;

/** Whether a container says nothing of one resource. */
const lacks = (container: string, resource: string): string =>
  `(!has(${container}.resources) || !has(${container}.resources.requests) || ` +
  `!("${resource}" in ${container}.resources.requests))`;

const requestOf = (resource: keyof typeof requests): string =>
  inPod(
    `containers: ${pod}.containers.filter(c, ${lacks("c", resource)}).map(c, ` +
      `${containerType}{name: c.name, resources: ${containerType}.resources{` +
      `requests: {"${resource}": "${requests[resource]}"}}})`,
  );

const wanting = (resource: string): string =>
  `${pod}.containers.exists(c, ${lacks("c", resource)})`;

const replicated = ["deployments", "statefulsets"];

const rules: readonly DefaultRule[] = [
  {
    name: "spread",
    resources: replicated,
    conditions: {
      many,
      selector: plainSelector,
      silent: `!has(${pod}.topologySpreadConstraints) && !(${keepsApart})`,
    },
    mutation: { patchType: "JSONPatch", expression: spread },
  },
  {
    name: "apart",
    resources: replicated,
    conditions: { many, selector: plainSelector, silent: `!(${hasAntiAffinity})` },
    mutation: { patchType: "JSONPatch", expression: apart },
  },
  ...(["cpu", "memory"] as const).map((resource) => ({
    name: `requests-${resource}`,
    resources: [...replicated, "daemonsets"],
    conditions: { silent: wanting(resource) },
    mutation: { patchType: "ApplyConfiguration" as const, expression: requestOf(resource) },
  })),
];

/**
 * MutatingAdmissionPolicies and their bindings, for namespaces with the label `quorum.dev/defaults:
 * apply`: hard spread over zones, machines apart where possible, requests. They run inside the API
 * server, before the guard judges; one that cannot be evaluated changes nothing.
 */
export function planDefaults() {
  return { policies: rules.map(policy), bindings: rules.map(binding) };
}

const nameOf = ({ name }: DefaultRule): string => `quorum-default-${name}`;

function policy(rule: DefaultRule) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1" as const,
    kind: "MutatingAdmissionPolicy" as const,
    metadata: { name: nameOf(rule) },
    spec: {
      failurePolicy: "Ignore",
      reinvocationPolicy: "IfNeeded",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["apps"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: rule.resources,
          },
        ],
      },
      matchConditions: Object.entries(rule.conditions).map(([name, expression]) => ({
        name,
        expression,
      })),
      mutations: [mutationOf(rule)],
    },
  };
}

function mutationOf({ mutation: { patchType, expression } }: DefaultRule) {
  return patchType === "JSONPatch"
    ? { patchType, jsonPatch: { expression } }
    : { patchType, applyConfiguration: { expression } };
}

function binding(rule: DefaultRule) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1" as const,
    kind: "MutatingAdmissionPolicyBinding" as const,
    metadata: { name: nameOf(rule) },
    spec: {
      policyName: nameOf(rule),
      matchResources: {
        namespaceSelector: {
          matchLabels: { [defaultsLabel]: "apply" },
          matchExpressions: [
            { key: "kubernetes.io/metadata.name", operator: "NotIn", values: systemNamespaces },
          ],
        },
      },
    },
  };
}
