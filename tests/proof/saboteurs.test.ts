import assert from "node:assert/strict";
import {
  addBudget,
  addCeph,
  addPortworx,
  addStorageClass,
  addWorkload,
  ec2Plan,
  eksPlan,
  hostsPlan,
  type Plan,
  zoneSpread,
} from "../support/plannedGraph.ts";
import { counterExample, fixFor, proofOf, red, unknownOf } from "../support/proveChanged.ts";

interface Saboteur {
  /** What is wrong with the plan. */
  wrong: string;
  plan: () => Plan;
  /** Exactly these claims turn red. */
  red: string[];
  /** The smallest counter-example to the first of them. */
  says: string;
  fix: string | RegExp;
}

const zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];

/** A plan with one thing done to it. */
function changed(plan: Plan, change: (plan: Plan) => void): () => Plan {
  return () => {
    change(plan);
    return plan;
  };
}

function move(plan: Plan, machine: string, zone: string): void {
  plan.named(machine).inputs.zone = zone;
}

function coredns(plan: Plan, values: Record<string, unknown>): void {
  const { inputs } = plan.named("coredns");
  const before = JSON.parse(String(inputs.configurationValues));
  inputs.configurationValues = JSON.stringify({ ...before, ...values });
}

/** Required node affinity to pools. */
function onPools(values: string[]): object {
  const matchExpressions = [{ key: "quorum/pool", operator: "In", values }];
  const nodeSelectorTerms = [{ matchExpressions }];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  };
}

function dns(plan: Plan, values: Record<string, unknown>): void {
  const { inputs } = plan.named("lab");
  inputs.dns = { ...(inputs.dns as object), ...values };
}

const saboteurs: Saboteur[] = [
  {
    wrong: "two etcd members in one zone",
    plan: changed(hostsPlan(), (plan) => move(plan, "etcd-3", "b")),
    red: ["etcd-quorum"],
    says: "losing zone b takes etcd-2 and etcd-3: 1 of 3 voters left, 2 needed",
    fix: /at most 1 member into one zone/,
  },
  {
    wrong: "an even number of etcd members",
    plan: changed(hostsPlan(), (plan) => plan.remove("etcd-3")),
    red: ["etcd-quorum"],
    says: "losing machine etcd-1 takes etcd-1: 1 of 2 voters left, 2 needed",
    fix: /use 3 or 5 members/,
  },
  {
    wrong: "four etcd members",
    plan: changed(hostsPlan(), (plan) => {
      const steps = plan.named("etcd-1").inputs.steps;
      plan.add("quorum:hosts:Machine", "etcd-4", {
        machine: "etcd-4",
        zone: "a",
        roles: ["etcd"],
        segment: "192.0.2.0/24",
        steps,
      });
    }),
    red: ["etcd-quorum"],
    says: "losing zone a takes etcd-1 and etcd-4: 2 of 4 voters left, 3 needed",
    fix: /use 3 or 5 members/,
  },
  {
    wrong: "two etcd machines on one physical host",
    plan: changed(hostsPlan(), (plan) => {
      plan.named("etcd-1").inputs.host = "metal-7";
      plan.named("etcd-2").inputs.host = "metal-7";
    }),
    red: ["etcd-quorum"],
    says: "losing host metal-7 takes etcd-1 and etcd-2: 1 of 3 voters left, 2 needed",
    fix: /put the members on different hosts/,
  },
  {
    wrong: "one load balancer",
    plan: changed(hostsPlan(), (plan) => {
      plan.named("lab-api").inputs.members = ["balancer-1"];
    }),
    red: ["api-path"],
    says: "losing machine balancer-1 takes balancer-1: no load balancer left for the API",
    fix: "use two load balancers in two zones",
  },
  {
    wrong: "both load balancers in one zone",
    plan: changed(hostsPlan(), (plan) => move(plan, "balancer-2", "a")),
    red: ["api-path"],
    says: "losing zone a takes balancer-1 and balancer-2: no load balancer left for the API",
    fix: "put the load balancers into different zones and machines",
  },
  {
    wrong: "every control plane in one zone",
    plan: changed(hostsPlan(), (plan) => {
      move(plan, "control-plane-2", "a");
      move(plan, "control-plane-3", "a");
    }),
    red: ["api-path"],
    says: "losing zone a takes control-plane-1, control-plane-2 and control-plane-3: no API server left behind the load balancer",
    fix: "use three control planes in three zones",
  },
  {
    wrong: "a virtual address in a segment of its own",
    plan: changed(hostsPlan(), (plan) => {
      plan.named("lab-api").inputs.segment = "vlan-7";
      plan.named("balancer-1").inputs.segment = "vlan-7";
      plan.named("balancer-2").inputs.segment = "vlan-7";
    }),
    red: ["api-path"],
    says: "losing segment vlan-7 takes 192.0.2.100: no address of the API answers",
    fix: /second address in another segment/,
  },
  {
    wrong: "etcd steps that nothing keeps apart",
    plan: changed(hostsPlan(), (plan) => {
      for (const name of ["etcd-1", "etcd-2", "etcd-3"]) {
        plan.named(name).inputs.steps = [{ name: "etcd", oneAtATime: "order" }];
      }
    }),
    red: ["roll-order"],
    says: "nothing orders step etcd of etcd-1 and etcd-2: one update may restart both at once",
    fix: "let the etcd step of etcd-2 depend on that of etcd-1",
  },
  {
    wrong: "DNS servers that may share a zone",
    plan: changed(hostsPlan(), (plan) => {
      dns(plan, { spread: "machine" });
      move(plan, "worker-2", "a");
      move(plan, "worker-3", "a");
    }),
    red: ["dns", "capacity"],
    says: "losing zone a: all 3 replicas of kube-system/coredns may stand in zone a: nothing keeps them apart",
    fix: /topologySpreadConstraint on topology.kubernetes.io\/zone/,
  },
  {
    wrong: "DNS without a spread",
    plan: changed(eksPlan(), (plan) => coredns(plan, { topologySpreadConstraints: [] })),
    red: ["dns"],
    says: "losing machine general-a#1: all 3 replicas of kube-system/coredns may stand in general-a#1: nothing keeps them apart",
    fix: /topologySpreadConstraint on kubernetes.io\/hostname/,
  },
  {
    wrong: "replacements that the dead zone blocks",
    plan: changed(eksPlan(), (plan) => {
      const { nodeTaintsPolicy: _, ...ignoring } = zoneSpread;
      coredns(plan, { topologySpreadConstraints: [ignoring] });
    }),
    red: ["capacity"],
    says: "losing eu-west-1a: replacements for kube-system/coredns stay pending: the dead zone still counts for its spread",
    fix: "set nodeTaintsPolicy: Honor in the topologySpreadConstraint of kube-system/coredns",
  },
  {
    wrong: "one NAT for all zones",
    plan: changed(eksPlan(), (plan) => {
      const only = plan.named("nat-a").urn;
      plan.named("out-b").propertyDependencies.natGatewayId = [only];
      plan.named("out-c").propertyDependencies.natGatewayId = [only];
    }),
    red: ["egress"],
    says: "losing nat-a takes nat-a: eu-west-1a, eu-west-1b and eu-west-1c have no way out",
    fix: "give every zone a NAT of its own and route its subnets to it",
  },
  {
    wrong: "a way out through the NAT of another zone",
    plan: changed(eksPlan(), (plan) => {
      plan.named("out-b").propertyDependencies.natGatewayId = [plan.named("nat-a").urn];
    }),
    red: ["egress"],
    says: "losing nat-a takes nat-a: eu-west-1a and eu-west-1b have no way out",
    fix: /a NAT of its own/,
  },
  {
    wrong: "an API endpoint in one zone",
    plan: changed(eksPlan(), (plan) => {
      plan.named("prod-control-plane").propertyDependencies.privateSubnetIds = [
        plan.named("private-a").urn,
      ];
    }),
    red: ["api-path"],
    says: "losing eu-west-1a takes the endpoint in eu-west-1a: no way to the API from the other zones",
    fix: "give the cluster a subnet in every zone",
  },
  {
    wrong: "a disruption budget equal to the replicas",
    plan: changed(eksPlan(), (plan) => {
      addWorkload(plan, "web");
      addBudget(plan, "web", { minAvailable: 3 });
    }),
    red: ["drain"],
    says: "shop/web allows no eviction of the 3 replicas of shop/web: the drain never ends",
    fix: "set maxUnavailable: 1 in shop/web",
  },
  {
    wrong: "a disruption budget that rounds up to all replicas",
    plan: changed(eksPlan(), (plan) => {
      addWorkload(plan, "web");
      addBudget(plan, "web", { minAvailable: "67%" });
    }),
    red: ["drain"],
    says: "shop/web allows no eviction of the 3 replicas of shop/web: the drain never ends",
    fix: "set maxUnavailable: 1 in shop/web",
  },
  {
    wrong: "two disruption budgets for one workload",
    plan: changed(eksPlan(), (plan) => {
      addWorkload(plan, "web");
      addBudget(plan, "web", { maxUnavailable: 1 });
      plan.add("kubernetes:policy/v1:PodDisruptionBudget", "second", {
        metadata: { name: "second", namespace: "shop" },
        spec: { selector: { matchLabels: { app: "web" } }, maxUnavailable: 1 },
      });
    }),
    red: ["drain"],
    says: "shop/web is covered by 2 disruption budgets: the eviction API refuses pods with more than one",
    fix: "keep one of shop/web, shop/second",
  },
  {
    wrong: "a single replica",
    plan: changed(eksPlan(), (plan) => addWorkload(plan, "web", { replicas: 1 })),
    red: ["workloads"],
    says: "losing machine general-a#1 takes the only replica of shop/web: 0 of 1 replica left",
    fix: "run two replicas of shop/web",
  },
  {
    wrong: "replicas that may share a zone",
    plan: changed(eksPlan(), (plan) => {
      addWorkload(plan, "web", {
        spread: [{ ...zoneSpread, whenUnsatisfiable: "ScheduleAnyway" }],
      });
    }),
    red: ["workloads"],
    says: "losing machine general-a#1: all 3 replicas of shop/web may stand in general-a#1: nothing keeps them apart",
    fix: /whenUnsatisfiable: DoNotSchedule/,
  },
  {
    wrong: "a database on a volume that stays in its zone",
    plan: changed(eksPlan(), (plan) => {
      addStorageClass(plan, "gp3", "ebs.csi.aws.com");
      addWorkload(plan, "db", { kind: "StatefulSet", replicas: 2, storageClassName: "gp3" });
    }),
    red: ["volumes"],
    says: "losing eu-west-1a: 1 of 2 volumes of shop/db may stay behind in eu-west-1a",
    fix: /three replicas spread over zones/,
  },
  {
    wrong: "one machine in the zone of a volume",
    plan: changed(eksPlan({ perZone: 1, zones: 3 }), (plan) => {
      addStorageClass(plan, "gp3", "ebs.csi.aws.com");
      addWorkload(plan, "db", { kind: "StatefulSet", storageClassName: "gp3" });
    }),
    red: ["capacity"],
    says: "losing machine general-a#1: no machine left in eu-west-1a for pods of shop/db, whose volumes stay there",
    fix: "run two machines in eu-west-1a",
  },
  {
    wrong: "capacity for two thirds only",
    plan: changed(eksPlan({ minNodes: 2 }), (plan) => {
      addWorkload(plan, "web", { replicas: 6, cpu: "3", memory: "1Gi" });
    }),
    red: ["capacity"],
    says: "losing eu-west-1a: 3 evicted pods need 6.1 CPU, 3.5 CPU free on the survivors",
    fix: /add machines/,
  },
  {
    wrong: "a pool that falls below its minimum",
    plan: () => eksPlan({ minNodes: 5 }),
    red: ["capacity"],
    says: "losing eu-west-1a takes 2 machines of pool general: 4 left, its minimum is 5",
    fix: /nodesPerZone.desired to 3, or let pool general stand in more zones/,
  },
  {
    wrong: "a pool in one zone",
    plan: changed(eksPlan(), (plan) => {
      for (const name of ["general-b", "general-c"]) plan.remove(name);
      plan.named("general-a").inputs.scalingConfig = { desiredSize: 6, maxSize: 6 };
    }),
    red: ["dns", "capacity", "egress"],
    says: "losing machine general-a#1: all 3 replicas of kube-system/coredns may stand in general-a#1: nothing keeps them apart",
    fix: /./,
  },
  {
    wrong: "min_size equal to size",
    plan: changed(eksPlan(), (plan) => {
      addCeph(plan, zones);
      const spec = plan.named("blocks").inputs.spec as Record<string, unknown>;
      spec.parameters = { min_size: "3" };
    }),
    red: ["storage-min-size"],
    says: "losing machine general-a#1 takes the stores in eu-west-1a: pool blocks keeps 2 of 3 replicas, min_size is 3",
    fix: "set min_size of pool blocks to 2",
  },
  {
    wrong: "storage replicas kept apart by machine only",
    plan: changed(eksPlan(), (plan) => {
      addCeph(plan, zones);
      const spec = plan.named("blocks").inputs.spec as Record<string, unknown>;
      spec.failureDomain = "host";
    }),
    red: ["storage-min-size"],
    says: "losing eu-west-1a takes the stores on general-a#1 and the stores on general-a#2: pool blocks keeps 1 of 3 replicas, min_size is 2",
    fix: /failureDomain: zone/,
  },
  {
    wrong: "etcd and storage monitors that share their machines, two of each in one zone",
    plan: changed(hostsPlan(), (plan) => {
      move(plan, "etcd-3", "b");
      plan.add("kubernetes:ceph.rook.io/v1:CephCluster", "ceph", {
        metadata: { name: "ceph" },
        spec: { mon: { count: 3, zones: [{ name: "a" }, { name: "b" }, { name: "b" }] } },
      });
    }),
    red: ["etcd-quorum", "storage-quorum", "joint-quorum"],
    says: "losing zone b takes etcd-2 and etcd-3: 1 of 3 voters left, 2 needed",
    fix: /at most 1 member/,
  },
  {
    wrong: "two etcd machines of EC2 in one zone",
    plan: changed(ec2Plan(), (plan) => move(plan, "etcd-c", "eu-west-1b")),
    red: ["etcd-quorum"],
    says: "losing eu-west-1b takes etcd-b and etcd-c: 1 of 3 voters left, 2 needed",
    fix: /at most 1 member into one zone/,
  },
  {
    wrong: "a network load balancer in one zone",
    plan: changed(ec2Plan(), (plan) => {
      plan.named("hybrid-api").inputs.zones = ["eu-west-1a"];
    }),
    red: ["api-path"],
    says: "losing load-balancer hybrid-api in eu-west-1a takes hybrid-api in eu-west-1a: no load balancer left for the API",
    fix: "use two load balancers in two zones",
  },
  {
    wrong: "a network load balancer that keeps to its zone",
    plan: changed(ec2Plan(), (plan) => {
      plan.named("hybrid-api").inputs.crossZone = false;
    }),
    red: ["api-path"],
    says: "losing target control-plane-a of hybrid-api takes control-plane-a: the load balancer in eu-west-1a has no API server to go to",
    fix: /crossZone/,
  },
  {
    wrong: "a key-value store of Portworx on machines of two zones",
    plan: changed(eksPlan({ perZone: 1, minNodes: 2 }), (plan) => {
      addPortworx(plan, {
        placement: onPools(["general"]),
      });
      plan.named("general-a").inputs.labels = { "quorum/pool": "general" };
      plan.named("general-b").inputs.labels = { "quorum/pool": "general" };
      plan.named("general-b").inputs.scalingConfig = { desiredSize: 2, maxSize: 2 };
    }),
    red: ["storage-quorum", "storage-min-size"],
    says: "losing eu-west-1b takes the store on general-b#1 and the store on general-b#2: 1 of 3 voters left, 2 needed",
    fix: /px\/metadata-node/,
  },
  {
    wrong: "volumes of Portworx without a copy",
    plan: changed(eksPlan({ perZone: 1, minNodes: 2 }), (plan) => {
      addPortworx(plan);
      plan.named("portworx-block").inputs.parameters = { repl: "1" };
    }),
    red: ["storage-min-size"],
    says: "losing machine general-a#1 takes the stores in eu-west-1a: volumes of portworx-block keeps 0 of 1 replica, min_size is 1",
    fix: /keep 3 replicas of portworx-block \(repl\)/,
  },
  {
    wrong: "a key-value store of Portworx that shares two machines with Ceph's monitors",
    plan: changed(eksPlan({ perZone: 1, minNodes: 2 }), (plan) => {
      addPortworx(plan, { placement: onPools(["general"]) });
      for (const name of ["general-a", "general-b"])
        plan.named(name).inputs.labels = { "quorum/pool": "general" };
      plan.named("general-b").inputs.scalingConfig = { desiredSize: 2, maxSize: 2 };
      plan.named("portworx-block").inputs.parameters = { repl: "3" };
      plan.remove("portworx-block");
      plan.add("kubernetes:ceph.rook.io/v1:CephCluster", "ceph", {
        metadata: { name: "ceph" },
        spec: {
          mon: {
            count: 3,
            zones: zones
              .slice(0, 2)
              .toReversed()
              .map((name) => ({ name })),
          },
        },
      });
    }),
    red: ["storage-quorum", "joint-quorum"],
    says: "losing eu-west-1b takes mon-1 and mon-3: 1 of 3 voters left, 2 needed",
    fix: /mon.zones/,
  },
  {
    wrong: "two storage monitors in one zone",
    plan: changed(eksPlan(), (plan) => addCeph(plan, zones.slice(0, 2))),
    red: ["storage-quorum"],
    says: "losing eu-west-1a takes mon-1 and mon-3: 1 of 3 voters left, 2 needed",
    fix: /mon.zones/,
  },
];

describe("proof of plans that were sabotaged", () => {
  it("finds nothing wrong with the plans before the sabotage", () => {
    assert.deepEqual(red(proofOf(hostsPlan())), []);
    assert.deepEqual(red(proofOf(ec2Plan())), []);
    const plan = eksPlan();
    addCeph(plan, zones);
    addWorkload(plan, "web");
    addBudget(plan, "web", { maxUnavailable: 1 });
    addStorageClass(plan, "gp3", "ebs.csi.aws.com");
    addWorkload(plan, "db", { kind: "StatefulSet", storageClassName: "gp3" });
    const proof = proofOf(plan);
    assert.deepEqual(red(proof), []);
    assert.deepEqual(proof.unproven, []);
  });

  it("judges the store of Portworx by where it may stand", () => {
    const single = eksPlan({ perZone: 1, minNodes: 2 });
    addPortworx(single);
    assert.deepEqual(red(proofOf(single)), []);
    assert.deepEqual(unknownOf(proofOf(single), "storage-quorum"), []);

    const double = eksPlan();
    addPortworx(double);
    assert.deepEqual(unknownOf(proofOf(double), "storage-quorum"), [
      "the plan does not say on which 3 of 6 machines Portworx portworx keeps its store",
    ]);

    const chosen = eksPlan();
    addPortworx(chosen);
    for (const zone of ["a", "b", "c"]) {
      const group = chosen.named(`general-${zone}`);
      const chosenOne = structuredClone(group.inputs);
      chosen.add(
        "aws:eks/nodeGroup:NodeGroup",
        `store-${zone}`,
        {
          ...chosenOne,
          scalingConfig: { desiredSize: 1, maxSize: 1 },
          labels: { "px/metadata-node": "true" },
        },
        { from: group.propertyDependencies },
      );
    }
    assert.deepEqual(unknownOf(proofOf(chosen), "storage-quorum"), []);
    assert.ok(!red(proofOf(chosen)).includes("storage-quorum"));

    const elsewhere = eksPlan();
    addPortworx(elsewhere, {
      kvdb: { internal: false, endpoints: ["etcd:https://192.0.2.1:2379"] },
    });
    assert.deepEqual(unknownOf(proofOf(elsewhere), "storage-quorum"), [
      "the key-value store of portworx runs outside of what the plan has",
    ]);
  });

  it("counts a machine of unstated size as full, and says so only where it is needed", () => {
    const unsized = (plan: Plan): Plan => {
      const { inputs } = plan.named("worker-1");
      delete inputs.cpus;
      return plan;
    };
    const spare = hostsPlan();
    const zone = { zone: "a", address: "192.0.2.9", roles: ["worker"], segment: "192.0.2.0/24" };
    spare.add("quorum:hosts:Machine", "spare", {
      machine: "spare",
      ...zone,
      cpus: 2,
      memoryGiB: 4,
    });
    spare.named("lab").inputs.dns = { replicas: 1, spread: "none", cpuMilli: 100, memoryMiB: 70 };
    assert.deepEqual(unknownOf(proofOf(unsized(spare)), "capacity"), []);
    assert.deepEqual(unknownOf(proofOf(unsized(hostsPlan())), "capacity"), [
      "the plan does not say what machine worker-1 has (CPUs, memory, pods)",
    ]);
  });

  for (const saboteur of saboteurs) {
    it(`turns exactly ${saboteur.red.join(" and ")} red for ${saboteur.wrong}`, () => {
      const proof = proofOf(saboteur.plan());
      assert.deepEqual(red(proof), saboteur.red);
      const [claim] = saboteur.red;
      assert.equal(counterExample(proof, claim as string), saboteur.says);
      const fix = fixFor(proof, claim as string) ?? "";
      if (typeof saboteur.fix === "string") assert.equal(fix, saboteur.fix);
      else assert.match(fix, saboteur.fix);
    });
  }
});
