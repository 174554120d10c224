import type { Finding } from "../errors.ts";

/** DNS label as Kubernetes takes it. Source: RFC 1123 and Kubernetes "Object Names and IDs". */
const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** Longest cluster name: the longest name built from it must fit IAM's 64 characters. */
export const longestClusterName = 32;

/** A cluster name: DNS label that begins with a letter. */
export function clusterName({ name }: { name: string }): Finding[] {
  if (label.test(name) && /^[a-z]/.test(name) && name.length <= longestClusterName) return [];
  return [
    {
      key: "name",
      value: name,
      remedy: `Use up to ${longestClusterName} of a-z, 0-9 and "-", beginning with a letter and not ending in "-".`,
      rule: "AWS and Kubernetes names are built from it.",
    },
  ];
}

/** Names of pools, hosts, zones: DNS labels with a limit of their own. */
export function entryNames(key: string, names: readonly string[], longest: number): Finding[] {
  return names
    .filter((name) => !label.test(name) || name.length > longest)
    .map((name) => ({
      key: `${key}.${name}`,
      value: undefined,
      remedy: `Name it with up to ${longest} of a-z, 0-9 and "-", not at either end.`,
      rule: "Resource and node names are built from it.",
    }));
}

/** Zones of hosts, each a DNS label: zone labels and resource names hold it. */
export function zoneNames(hosts: Readonly<Record<string, { zone: string }>>): Finding[] {
  return Object.entries(hosts)
    .filter(([, { zone }]) => !label.test(zone) || zone.length > 63)
    .map(([name, { zone }]) => ({
      key: `hosts.${name}.zone`,
      value: zone,
      remedy: 'Name it with up to 63 of a-z, 0-9 and "-", not at either end.',
      rule: "Labels and resource names are built from it.",
    }));
}

const labelName = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const subdomain = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** Domains that kubelets may not set on their own node, with the exceptions that they may. */
const reserved = /(^|\.)(kubernetes|k8s)\.io$/;
const allowedReserved = /(^|\.)(node\.kubernetes\.io|kubelet\.kubernetes\.io)$/;

/** Kubernetes labels. Source: "Labels and Selectors"; NodeRestriction for the reserved domains. */
export function labels(key: string, entries: Readonly<Record<string, string>>): Finding[] {
  return Object.entries(entries).flatMap(([name, value]) => [
    ...labelKey(`${key}.${name}`, name),
    ...labelValue(`${key}.${name}`, value),
  ]);
}

interface Taint {
  key: string;
  value: string;
}

/** Kubernetes taints: keys and values have the form of labels, and a key with an effect comes once. */
export function taints(key: string, list: readonly (Taint & { effect: string })[]): Finding[] {
  return list.flatMap((taint, index) => {
    const path = `${key}[${index}]`;
    const first = list.findIndex((t) => t.key === taint.key && t.effect === taint.effect);
    const repeated: Finding[] =
      first === index
        ? []
        : [
            {
              key: path,
              value: `${taint.key}:${taint.effect}`,
              remedy: "Remove one of the two.",
              rule: "Kubernetes takes a taint key once per effect.",
            },
          ];
    return [
      ...labelKey(`${path}.key`, taint.key),
      ...labelValue(`${path}.value`, taint.value),
      ...repeated,
    ];
  });
}

function labelKey(path: string, text: string): Finding[] {
  const slash = text.indexOf("/");
  const domain = slash < 0 ? undefined : text.slice(0, slash);
  const name = text.slice(slash + 1);
  if (!labelName.test(name) || (domain !== undefined && !subdomain.test(domain)))
    return [
      {
        key: path,
        value: text,
        remedy: 'Use up to 63 of A-Z, a-z, 0-9, "-", "_", ".", after an optional domain and "/".',
        rule: "Kubernetes rejects other label keys.",
      },
    ];
  if (domain !== undefined && reserved.test(domain) && !allowedReserved.test(domain))
    return [
      {
        key: path,
        value: text,
        remedy: "Use a domain of your own.",
        rule: "A node may not set labels of kubernetes.io or k8s.io on itself, so it would not join.",
      },
    ];
  return [];
}

function labelValue(path: string, text: string): Finding[] {
  if (text === "" || labelName.test(text)) return [];
  return [
    {
      key: path,
      value: text,
      remedy:
        'Use up to 63 of A-Z, a-z, 0-9, "-", "_", ".", beginning and ending with one of A-Z, a-z, 0-9.',
      rule: "Kubernetes rejects other label values.",
    },
  ];
}

/** AWS tags. Source: AWS General Reference, "Tag naming limits and requirements". */
export function tags({ tags: entries }: { tags: Readonly<Record<string, string>> }): Finding[] {
  const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
  return Object.entries(entries).flatMap(([name, value]): Finding[] => {
    const key = `tags.${name}`;
    if (name === "" || name.length > 128 || !allowed.test(name) || /^aws:/i.test(name))
      return [
        {
          key,
          value,
          remedy: 'Use up to 128 letters, digits, spaces and _.:/=+-@, not beginning with "aws:".',
          rule: "AWS rejects other tag keys.",
        },
      ];
    if (value.length > 256 || !allowed.test(value))
      return [
        {
          key,
          value,
          remedy: "Use up to 256 letters, digits, spaces and _.:/=+-@.",
          rule: "AWS rejects other tag values.",
        },
      ];
    return [];
  });
}
