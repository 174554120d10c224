import assert from "node:assert/strict";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { prove } from "../../proof/prove.ts";
import type { Proof } from "../../proof/results.ts";
import type { PreviewJson } from "../support/plannedGraph.ts";
import { counterExample, red } from "../support/proveChanged.ts";
import { altered, type Finder, realPreview } from "../support/realPreview.ts";

const proofOf = (preview: PreviewJson): Proof => prove(modelOf(graphOf(preview)));

interface Saboteur {
  wrong: string;
  change: (find: Finder) => void;
  red: string[];
  says: RegExp;
}

const machine = "quorum:hosts:Machine";
const route = "aws:ec2/route:Route";

const lab: Saboteur[] = [
  {
    wrong: "two etcd members in one zone",
    change: (find) => {
      find(machine, "etcd-c").inputs.zone = "b";
    },
    red: ["etcd-quorum"],
    says: /^losing zone b takes etcd-b and etcd-c: 1 of 3 voters left, 2 needed$/,
  },
  {
    wrong: "both load balancers in one zone",
    change: (find) => {
      find(machine, "load-balancer-b").inputs.zone = "a";
    },
    red: ["api-path"],
    says: /^losing zone a takes load-balancer-a and load-balancer-b/,
  },
  {
    wrong: "workers that are too small for their pods",
    change: (find) => {
      for (const letter of ["a", "b", "c"]) {
        find(machine, `worker-${letter}`).inputs.memoryGiB = 1.6;
      }
    },
    red: ["capacity"],
    says: /kube-system\/coredns|evicted pod/,
  },
  {
    wrong: "workers in one zone",
    change: (find) => {
      find(machine, "worker-b").inputs.zone = "a";
      find(machine, "worker-c").inputs.zone = "a";
    },
    red: ["dns", "capacity"],
    says: /replicas of kube-system\/coredns may stand in/,
  },
  {
    wrong: "etcd steps without a lock",
    change: (find) => {
      for (const letter of ["a", "b", "c"]) {
        find(machine, `etcd-${letter}`).inputs.steps = [{ name: "etcd", oneAtATime: "no" }];
      }
    },
    red: ["roll-order"],
    says: /nothing orders step etcd of etcd-a and etcd-b/,
  },
];

const natIn = (zone: string) => `nat-${zone}`;

const prod: Saboteur[] = [
  {
    wrong: "two zones that leave by the NAT of the first",
    change: (find) => {
      const nat = find("aws:ec2/natGateway:NatGateway", natIn("us-west-2a")).urn;
      find(route, "private-internet-us-west-2b").propertyDependencies.natGatewayId = [nat];
    },
    red: ["egress"],
    says: /us-west-2a and us-west-2b have no way out/,
  },
  {
    wrong: "DNS that any zone may hold alone",
    change: (find) => {
      const { inputs } = find("aws:eks/addon:Addon", "coredns");
      const values = String(inputs.configurationValues);
      inputs.configurationValues = values.replaceAll("DoNotSchedule", "ScheduleAnyway");
    },
    red: ["dns"],
    says: /replicas of kube-system\/coredns may stand in/,
  },
  {
    wrong: "one machine a zone where two are needed",
    change: (find) => {
      for (const zone of ["us-west-2a", "us-west-2b", "us-west-2c"]) {
        const { inputs } = find("aws:eks/nodeGroup:NodeGroup", zone);
        inputs.scalingConfig = { minSize: 1, desiredSize: 1, maxSize: 1 };
      }
    },
    red: ["capacity"],
    says: /of pool general: \d left, its minimum is 4/,
  },
  {
    wrong: "a drain that the DNS budget blocks",
    change: (find) => {
      const { inputs } = find("aws:eks/addon:Addon", "coredns");
      const values = JSON.parse(String(inputs.configurationValues));
      values.podDisruptionBudget = { enabled: true, maxUnavailable: 0 };
      inputs.configurationValues = JSON.stringify(values);
    },
    red: ["drain"],
    says: /kube-system\/coredns allows no eviction/,
  },
];

describe("proof of the stacks of this repository", function () {
  this.timeout(300_000);
  const previews = new Map<string, PreviewJson>();

  before(async () => {
    for (const stack of ["prod", "staging", "hybrid", "lab", "onprem"]) {
      previews.set(stack, await realPreview(stack));
    }
  });

  for (const stack of ["prod", "staging", "hybrid", "lab", "onprem"]) {
    it(`proves every required claim of ${stack}`, () => {
      const proof = proofOf(previews.get(stack) as PreviewJson);
      assert.deepEqual(proof.refuted, []);
      assert.deepEqual(proof.unproven, []);
    });
  }

  for (const [stack, saboteurs] of [
    ["lab", lab],
    ["prod", prod],
  ] as const) {
    for (const saboteur of saboteurs) {
      it(`turns exactly ${saboteur.red.join(" and ")} of ${stack} red for ${saboteur.wrong}`, () => {
        const proof = proofOf(altered(previews.get(stack) as PreviewJson, saboteur.change));
        assert.deepEqual(red(proof), saboteur.red);
        assert.match(counterExample(proof, saboteur.red[0] as string) ?? "", saboteur.says);
      });
    }
  }
});
