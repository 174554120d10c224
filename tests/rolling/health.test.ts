import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { FleetGroup } from "../../rolling/fleet.ts";
import { entriesBehindAllowed, judge, type PlannedMember } from "../../rolling/health.ts";

const members: PlannedMember[] = ["a", "b", "c"].map((zone, index) => ({
  name: `etcd-${zone}`,
  address: `10.0.0.${index + 1}`,
  group: `demo-etcd-${zone}`,
}));
const group = (name: string, role: FleetGroup["role"], id: string): FleetGroup => ({
  name,
  role,
  zone: "a",
  version: "lt version 1",
  desired: 1,
  machines: [{ id, version: "lt version 1", lifecycle: "InService" }],
  suspended: [],
});
const groups = [
  group("demo-control-plane-a", "control-plane", "i-0c"),
  group("demo-pool-a", "worker", "i-0a"),
];

// Ids that differ only beyond what a number of JavaScript holds.
const ids = ["15875391935852295136", "15875391935852295137", "15875391935852295138"];

interface Answer {
  leaders?: (string | undefined)[];
  applied?: number[];
  more?: string;
  silent?: number;
  nodes?: string[];
  readyz?: string;
}

function answer(say: Answer = {}) {
  const { leaders = [ids[1], ids[1], ids[1]], applied = [90, 90, 90], more = "" } = say;
  const status = members
    .map(({ address }, index) => {
      const leader = leaders[index] === undefined ? "" : `"leader":${leaders[index]},`;
      return `{"Endpoint":"https://${address}:2379","Status":{"header":{"member_id":${ids[index]}},${leader}"raftAppliedIndex":${applied[index]}${index === 2 ? more : ""}}}`;
    })
    .filter((_, index) => index !== say.silent);
  const health = members.map(({ address }, index) =>
    index === say.silent
      ? { endpoint: `https://${address}:2379`, health: false, error: "context deadline exceeded" }
      : { endpoint: `https://${address}:2379`, health: true },
  );
  const nodes = say.nodes ?? ["i-0c True", "i-0a True"];
  return {
    machine: "i-0c",
    group: "demo-control-plane-a",
    text: [
      `readyz ${say.readyz ?? "ok"}`,
      `health ${JSON.stringify(health)}`,
      `status [${status.join(",")}]`,
      `nodes ${gzipSync(nodes.join("\n")).toString("base64")}`,
    ].join("\n"),
  };
}

const findings = (say: Answer) =>
  judge([answer(say)], members, groups).findings.map(({ about, what }) => `${about} ${what}`);

describe("health of a cluster on EC2", () => {
  it("has nothing to say when all is well, and knows who leads by its whole id", () =>
    assert.deepEqual(judge([answer()], members, groups), {
      findings: [],
      leader: "demo-etcd-b",
    }));

  const cases: [string, Answer, string[]][] = [
    [
      "a member that does not answer",
      { silent: 0 },
      ["etcd-a is unhealthy: context deadline exceeded"],
    ],
    ["a learner", { more: ',"isLearner":true' }, ["etcd-c is a learner, not yet a voting member"]],
    [
      "an alarm",
      { more: ',"errors":["memberID:3 alarm:NOSPACE"]' },
      ["etcd-c memberID:3 alarm:NOSPACE"],
    ],
    [
      "a member that is behind",
      { applied: [5000, 5000, 5000 - entriesBehindAllowed - 1] },
      [`etcd-c is ${entriesBehindAllowed + 1} entries behind`],
    ],
    [
      "a member without a leader",
      { leaders: [ids[1], ids[1], undefined] },
      ["etcd-c knows no leader"],
    ],
    [
      "two leaders",
      { leaders: [ids[1], ids[1], ids[2]] },
      ["etcd its members do not name the same leader"],
    ],
    ["a machine without a Node", { nodes: ["i-0c True"] }, ["i-0a has no Node"]],
    [
      "a node that is not ready, here or elsewhere",
      { nodes: ["i-0c True", "i-0a Unknown", "rack-7 False"] },
      ["i-0a its Node is not ready (Unknown)", "rack-7 its Node is not ready (False)"],
    ],
    [
      "an API server that is not ready",
      { readyz: "[-]etcd failed" },
      ["i-0c its API server is not ready: [-]etcd failed"],
    ],
  ];
  for (const [what, say, expected] of cases)
    it(`names ${what}`, () => assert.deepEqual(findings(say), expected));

  it("leaves out nodes whose machine is gone: the cloud controller deletes them", () =>
    assert.deepEqual(findings({ nodes: ["i-0c True", "i-0a True", "i-0dead Unknown"] }), []));

  it("is nothing that silence could mean", () => {
    const error = { machine: "i-0c", group: "demo-control-plane-a", error: "no agent" };
    const { findings: found } = judge([error], members, groups);
    assert.deepEqual(
      found.map(({ what }) => what),
      [
        "does not answer: no agent",
        "no control plane answers",
        "no control plane reaches it",
        "no control plane tells of them",
      ],
    );
  });

  it("takes what one control plane cannot say from another", () => {
    const cut = { ...answer(), text: "readyz ok" };
    assert.deepEqual(judge([cut, answer()], members, groups).findings, []);
  });

  it("takes lists without endpoints for none: so a control plane answers that is going away", () => {
    const leaving = {
      ...answer(),
      text: 'readyz ok\nhealth [{"health":false}]\nstatus [{"Endpoint":"","Status":{}}]',
    };
    assert.deepEqual(judge([leaving, answer()], members, groups).findings, []);
  });
});
