import assert from "node:assert/strict";
import { ec2Roles } from "../../design/ec2/names.ts";
import { planEc2 } from "../../design/ec2/plan.ts";
import { awsWorld } from "../../rolling/awsWorld.ts";
import { type RollOptions, RollStoppedError, roll, UnhealthyError } from "../../rolling/roll.ts";
import { readTemplates } from "../../templates/read.ts";
import { ec2Config } from "../support/fixtures.ts";
import { FakeAws } from "./fakeAws.ts";

const templates = readTemplates();
const plan = planEc2(ec2Config(), templates);

function rolling(aws: FakeAws, other: Partial<RollOptions> = {}) {
  const said: string[] = [];
  const options: RollOptions = {
    world: awsWorld({
      clients: aws.clients,
      plan,
      templates,
      drainSeconds: 600,
      commandPollSeconds: 0,
    }),
    roles: ec2Roles,
    dryRun: false,
    clock: aws.clock,
    machineSeconds: 1800,
    pollSeconds: 10,
    say: (line) => said.push(line),
    ...other,
  };
  return { said, run: () => roll(options) };
}

describe("quorum roll", () => {
  let aws: FakeAws;
  beforeEach(() => {
    aws = new FakeAws(plan, templates);
  });
  const machines = () => [...aws.groups.values()].flatMap((group) => group.machines);

  it("replaces nothing when every machine has its template's version", async () => {
    assert.deepEqual(await rolling(aws).run(), { replaced: [] });
    assert.deepEqual(aws.terminations, []);
  });

  it("replaces every outdated machine, one at a time, each when all is well", async () => {
    const before = machines().map(({ id }) => id);
    aws.newVersion();
    const { replaced } = await rolling(aws).run();
    assert.deepEqual(replaced.toSorted(), before.toSorted());
    for (const { machine, unwell } of aws.terminations)
      assert.deepEqual(unwell, [], `${machine} went while something was not well`);
    assert.equal(aws.mostUnwell, 1);
    assert.ok(machines().every(({ version }) => version === 2));
    const order = [...new Set(aws.terminations.map(({ role }) => role))];
    assert.deepEqual(order, ["etcd", "control-plane", "worker"]);
  });

  it("takes etcd's leader after the other members", async () => {
    aws.newVersion();
    await rolling(aws, { roles: ["etcd"] }).run();
    const groups = aws.terminations.map(({ group }) => group);
    // The fake's leader is the first zone's member while that is up.
    assert.deepEqual(groups, [
      "demo-etcd-eu-west-1b",
      "demo-etcd-eu-west-1c",
      "demo-etcd-eu-west-1a",
    ]);
  });

  it("waits for a learner to become a voting member", async () => {
    aws.newVersion();
    const { said, run } = rolling(aws, { roles: ["etcd"] });
    await run();
    assert.ok(said.some((line) => line.includes("is a learner")));
  });

  it("keeps to the role that was asked for", async () => {
    aws.newVersion();
    await rolling(aws, { roles: ["control-plane"] }).run();
    assert.deepEqual(
      aws.terminations.map(({ role }) => role),
      ["control-plane", "control-plane", "control-plane"],
    );
  });

  it("drains workers before they go, and no other machine", async () => {
    aws.newVersion();
    await rolling(aws).run();
    const workers = aws.terminations.filter(({ role }) => role === "worker");
    assert.deepEqual(
      aws.drained,
      workers.map(({ machine }) => machine),
    );
  });

  it("does not terminate a worker whose pods a disruption budget keeps", async () => {
    aws.newVersion();
    const [first] = aws.group("demo-general-eu-west-1a").machines;
    aws.budgeted.add(first?.id ?? "");
    await assert.rejects(rolling(aws, { roles: ["worker"] }).run(), (error: Error) => {
      assert.ok(error instanceof RollStoppedError);
      assert.match(error.message, /i-\w+ was not terminated: .*takes pods again/);
      return true;
    });
    assert.deepEqual(aws.terminations, []);
  });

  it("only says what it would do in a dry run", async () => {
    aws.newVersion();
    const { said, run } = rolling(aws, { dryRun: true });
    const { replaced } = await run();
    assert.equal(replaced.length, 12);
    assert.equal(said.length, 12);
    assert.match(
      said[0] ?? "",
      /^demo-etcd-eu-west-1b: would replace i-\w+ \(lt-\S+ version 1, now lt-\S+ version 2\)$/,
    );
    assert.deepEqual(aws.terminations, []);
  });

  const ailments: [string, (aws: FakeAws) => void, RegExp][] = [
    [
      "a member of etcd does not answer",
      (fake) => fake.sick.add(fake.group("demo-etcd-eu-west-1c").machines[0]?.id ?? ""),
      /etcd-eu-west-1c is unhealthy: context deadline exceeded/,
    ],
    [
      "an API server does not answer",
      (fake) => fake.sick.add(fake.group("demo-control-plane-eu-west-1b").machines[0]?.id ?? ""),
      /i-\w+ does not answer/,
    ],
    [
      "a node is not ready",
      (fake) => fake.sick.add(fake.group("demo-general-eu-west-1a").machines[1]?.id ?? ""),
      /its Node is not ready \(False\)/,
    ],
    [
      "a group may start no machines",
      (fake) => fake.group("demo-etcd-eu-west-1a").suspended.push("Launch"),
      /demo-etcd-eu-west-1a its process Launch is suspended/,
    ],
  ];
  for (const [ailment, make, report] of ailments)
    it(`refuses to start when ${ailment}, and says so`, async () => {
      aws.newVersion();
      make(aws);
      await assert.rejects(rolling(aws).run(), (error: Error) => {
        assert.ok(error instanceof UnhealthyError, error.message);
        assert.match(error.message, /nothing was touched/);
        assert.match(error.message, report);
        return true;
      });
      assert.deepEqual(aws.terminations, []);
    });

  it("reports everything that is wrong at once", async () => {
    aws.newVersion();
    for (const name of ["demo-etcd-eu-west-1a", "demo-general-eu-west-1b"])
      aws.sick.add(aws.group(name).machines[0]?.id ?? "");
    await assert.rejects(
      rolling(aws).run(),
      /etcd-eu-west-1a is unhealthy[\s\S]*Node is not ready/,
    );
  });

  for (const [role, name] of [
    ["etcd", "demo-etcd-eu-west-1b"],
    ["control-plane", "demo-control-plane-eu-west-1a"],
    ["worker", "demo-general-eu-west-1a"],
  ] as const)
    it(`stops at a machine of role ${role} that never becomes healthy, and touches nothing else`, async () => {
      aws.newVersion();
      aws.broken.add(name);
      await assert.rejects(rolling(aws, { roles: [role] }).run(), (error: Error) => {
        assert.ok(error instanceof RollStoppedError);
        assert.match(error.message, new RegExp(`the roll stopped at ${name}`));
        assert.match(error.message, /not healthy after 30 min/);
        assert.match(error.message, /the machine last said: waiting volume/);
        assert.match(error.message, /No other machine was touched/);
        return true;
      });
      assert.deepEqual(
        aws.terminations.map(({ group }) => group),
        [name],
      );
    });

  it("goes no further when something else falls ill meanwhile", async () => {
    aws.newVersion();
    const [victim] = aws.group("demo-general-eu-west-1c").machines;
    aws.beforeTermination = () => {
      if (aws.terminations.length === 1) aws.sick.add(victim?.id ?? "");
    };
    await assert.rejects(rolling(aws).run(), (error: Error) => {
      assert.ok(error instanceof RollStoppedError);
      assert.ok(error.message.includes(`${victim?.id} its Node is not ready`));
      return true;
    });
    assert.equal(aws.terminations.length, 2, "the one under way, and no other");
  });

  it("carries on when it was killed, at whatever moment", async () => {
    const moments = [0, 25, 70, 130];
    for (const afterSeconds of moments) {
      const fresh = new FakeAws(plan, templates);
      fresh.newVersion();
      let killAt = Number.POSITIVE_INFINITY;
      fresh.beforeTermination = () => {
        if (fresh.terminations.length === 4) killAt = fresh.now + afterSeconds;
      };
      const sleep = fresh.clock.sleep;
      const clock = {
        now: fresh.clock.now,
        sleep: async (seconds: number) => {
          if (fresh.now >= killAt) throw new Error("killed");
          await sleep(seconds);
        },
      };
      await assert.rejects(rolling(fresh, { clock }).run(), /killed/);
      assert.equal(fresh.terminations.length, 5);
      await rolling(fresh).run();
      const ids = fresh.terminations.map(({ machine }) => machine);
      assert.equal(ids.length, 12, `killed ${afterSeconds} s after a termination`);
      assert.equal(new Set(ids).size, 12, "no machine is replaced twice");
      assert.equal(fresh.mostUnwell, 1);
    }
  });

  it("refuses groups that do not exist, and those of another account", async () => {
    aws.groups.delete("demo-general-eu-west-1c");
    await assert.rejects(rolling(aws).run(), /do not exist: demo-general-eu-west-1c/);
    const foreign = new FakeAws({ ...plan, accountId: "999999999999" }, templates);
    await assert.rejects(rolling(foreign).run(), /belongs to account 999999999999/);
  });
});
