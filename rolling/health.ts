import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import type { Finding, FleetGroup, Health } from "./fleet.ts";

/** What a control plane answered to templates/roll/health.sh, or why it did not. */
export type Answer = { machine: string; group: string } & ({ text: string } | { error: string });

/** An etcd member of the plan. */
export interface PlannedMember {
  name: string;
  address: string;
  /** Name of its auto-scaling group. */
  group: string;
}

/** Log entries that a member may be behind: it is asked a moment before or after the others. */
export const entriesBehindAllowed = 1000;

interface MemberStatus {
  memberId: string;
  leader: string | undefined;
  applied: number;
  isLearner: boolean;
  errors: string[];
}

/** What the control planes' answers say of API servers, etcd and nodes. */
export function judge(
  answers: readonly Answer[],
  members: readonly PlannedMember[],
  groups: readonly FleetGroup[],
): Health {
  const findings = answers.flatMap(apiFindings);
  const texts = answers.flatMap((answer) => ("text" in answer ? [answer.text] : []));
  if (texts.length === 0) findings.push({ about: "the cluster", what: "no control plane answers" });
  const etcd = judgeEtcd(texts, members);
  return {
    findings: [...findings, ...etcd.findings, ...nodeFindings(texts, groups)],
    ...(etcd.leader === undefined ? {} : { leader: etcd.leader }),
  };
}

function apiFindings(answer: Answer): Finding[] {
  const { machine: about, group } = answer;
  if ("error" in answer) return [{ about, group, what: `does not answer: ${answer.error}` }];
  const readyz = lineOf(answer.text, "readyz");
  if (readyz === "ok") return [];
  return [{ about, group, what: `its API server is not ready: ${readyz ?? "it says nothing"}` }];
}

function judgeEtcd(texts: readonly string[], members: readonly PlannedMember[]): Health {
  const healthy = first(texts, "health", healthOf);
  const status = first(texts, "status", statusOf);
  if (healthy === undefined || status === undefined)
    return { findings: [{ about: "etcd", what: "no control plane reaches it" }] };
  const newest = Math.max(...[...status.values()].map(({ applied }) => applied));
  const leaders = new Set([...status.values()].map(({ leader }) => leader));
  const findings = members.flatMap(({ name, address, group }): Finding[] => {
    const finding = (what: string): Finding => ({ about: name, what, group });
    const trouble = healthy.get(address);
    const own = status.get(address);
    if (trouble !== undefined) return [finding(trouble)];
    if (own === undefined) return [finding("does not answer")];
    const behind = newest - own.applied;
    return [
      ...(own.isLearner ? [finding("is a learner, not yet a voting member")] : []),
      ...(own.leader === undefined ? [finding("knows no leader")] : []),
      ...(behind > entriesBehindAllowed ? [finding(`is ${behind} entries behind`)] : []),
      ...own.errors.map((error) => finding(error)),
    ];
  });
  if (findings.length === 0 && leaders.size > 1)
    findings.push({ about: "etcd", what: "its members do not name the same leader" });
  const leader = members.find(({ address }) => {
    const own = status.get(address);
    return own !== undefined && own.memberId === own.leader;
  });
  return { findings, ...(leader === undefined ? {} : { leader: leader.group }) };
}

/** Nodes that are no machine of the plan's groups, and are called so, are being deleted. */
function nodeFindings(texts: readonly string[], groups: readonly FleetGroup[]): Finding[] {
  const nodes = first(texts, "nodes", nodesOf);
  if (nodes === undefined) return [{ about: "nodes", what: "no control plane tells of them" }];
  const expected = new Map(
    groups
      .filter(({ role }) => role !== "etcd")
      .flatMap(({ name, machines }) => machines.map(({ id }) => [id, name] as const)),
  );
  const own = [...expected].flatMap(([id, group]): Finding[] => {
    const status = nodes.get(id);
    if (status === "True") return [];
    return [{ about: id, group, what: status === undefined ? "has no Node" : notReady(status) }];
  });
  const others = [...nodes].filter(
    ([name, status]) => status !== "True" && !expected.has(name) && !/^i-[0-9a-f]+$/.test(name),
  );
  return [...own, ...others.map(([about, status]): Finding => ({ about, what: notReady(status) }))];
}

function notReady(status: string): string {
  return `its Node is not ready (${status})`;
}

function lineOf(text: string, key: string): string | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${key} `));
  return line?.slice(key.length + 1).trim();
}

/** The first answer that can be read; a control plane that is cut off from etcd has none. */
function first<T>(
  texts: readonly string[],
  key: string,
  read: (text: string) => T | undefined,
): T | undefined {
  for (const text of texts) {
    const line = lineOf(text, key);
    const found = line === undefined ? undefined : read(line);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** By address; undefined for a member that is well. */
function healthOf(text: string): Map<string, string | undefined> | undefined {
  const list = byHost(text);
  return list && new Map(list.map(([host, one]) => [host, troubleOf(one)]));
}

function troubleOf({ health, error }: Record<string, unknown>): string | undefined {
  return health === true ? undefined : `is unhealthy: ${error ?? "it does not say why"}`;
}

function statusOf(text: string): Map<string, MemberStatus> | undefined {
  const list = byHost(text);
  if (list === undefined || list.length === 0) return undefined;
  return new Map(
    list.map(([host, one]) => {
      const status = one.Status as Record<string, unknown>;
      const header = status.header as Record<string, unknown>;
      return [
        host,
        {
          memberId: `${header.member_id}`,
          leader: status.leader === undefined ? undefined : `${status.leader}`,
          applied: Number(status.raftAppliedIndex),
          isLearner: status.isLearner === true,
          errors: Array.isArray(status.errors) ? status.errors.map(String) : [],
        },
      ];
    }),
  );
}

/**
 * A list of etcd's, with the host of each entry; undefined for what is none, as from a control plane that is
 * going away. etcd's ids do not fit a number of JavaScript: they stay text.
 */
function byHost(text: string): [host: string, entry: Record<string, unknown>][] | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/:(\d{15,})([,}])/g, ':"$1"$2'));
    if (!Array.isArray(value)) return undefined;
    return value.map((one) => [new URL(one.endpoint ?? one.Endpoint).hostname, one]);
  } catch {
    return undefined;
  }
}

function nodesOf(text: string): Map<string, string> | undefined {
  try {
    const lines = gunzipSync(Buffer.from(text, "base64")).toString("utf8").trim().split("\n");
    return new Map(
      lines
        .filter((line) => line !== "")
        .map((line) => {
          const [name = "", status = "Unknown"] = line.split(" ");
          return [name, status];
        }),
    );
  } catch {
    return undefined;
  }
}
