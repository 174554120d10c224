import { plural } from "../../proof/claim.ts";
import { at, entriesIn } from "../../proof/read.ts";
import type { PlannedResource, StackRule } from "../rule.ts";

interface Member {
  name: string;
  zone: string;
}

function etcdMembers(resources: readonly PlannedResource[]): Member[] {
  return resources.flatMap(({ type, name, inputs }): Member[] => {
    const zone = String(inputs.zone);
    if (type === "quorum:ec2:EtcdMember") return [{ name, zone }];
    const isMember = type === "quorum:hosts:Machine" && entriesIn(inputs.roles).includes("etcd");
    return isMember ? [{ name: String(inputs.machine ?? name), zone }] : [];
  });
}

function badCount(what: string, count: number): string[] {
  if (count >= 3 && count % 2 === 1) return [];
  return [
    `${what} has ${plural(count, "member")}: use 3 or 5, an even number survives no more than one less`,
  ];
}

function badSpread(members: readonly Member[]): string[] {
  const byZone = Map.groupBy(members, ({ zone }) => zone);
  const majority = Math.floor(members.length / 2) + 1;
  return [...byZone]
    .filter(([, inZone]) => members.length - inZone.length < majority)
    .map(
      ([zone, inZone]) =>
        `${inZone.map(({ name }) => name).join(" and ")} stand in zone ${zone}: its loss would leave no majority of ${members.length}`,
    );
}

function monitors(resources: readonly PlannedResource[]): string[] {
  return resources
    .filter(({ type }) => type === "kubernetes:ceph.rook.io/v1:CephCluster")
    .flatMap(({ name, inputs }) => {
      const count = at(inputs, "spec", "mon", "count");
      return typeof count === "number" ? badCount(`Ceph cluster ${name}`, count) : [];
    });
}

export const oddQuorum: StackRule = {
  kind: "stack",
  name: "odd-quorum",
  description: "Quorums have an odd number of members, at least three, no majority in one zone.",
  level: "mandatory",
  check(resources) {
    const members = etcdMembers(resources);
    const etcd =
      members.length === 0 ? [] : [...badCount("etcd", members.length), ...badSpread(members)];
    return [...etcd, ...monitors(resources)];
  },
};
