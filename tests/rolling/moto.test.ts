import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { planEc2 } from "../../design/ec2/plan.ts";
import { plannedGroups } from "../../rolling/awsGroups.ts";
import { awsWorld } from "../../rolling/awsWorld.ts";
import { outdated } from "../../rolling/fleet.ts";
import { readTemplates } from "../../templates/read.ts";
import { ec2Config } from "../support/fixtures.ts";
import { freePort } from "../support/freePort.ts";
import { needs } from "../support/tools.ts";

const templates = readTemplates();
const plan = planEc2(ec2Config(), templates);
const region = "eu-west-1";

/** AWS's own clients against moto, where that is installed (PyPI: moto[server]). */
describe("a roll's view of AWS, by AWS's clients", () => {
  let server: ChildProcess;
  let endpoint: string;

  before(async function () {
    needs(this, "moto_server");
    this.timeout(60_000);
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    server = spawn("moto_server", ["-H", "127.0.0.1", "-p", `${port}`], {
      stdio: "ignore",
      env: { ...process.env, MOTO_ACCOUNT_ID: plan.accountId },
    });
    for (let tries = 0; tries < 200; tries += 1) {
      const up = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
      if (up?.ok) return;
      await pause(200);
    }
    throw new Error("moto_server does not start");
  });
  after(() => server?.kill());

  /** EC2 is asked by its plain form: the roll needs no client for it. */
  const ec2 = async (form: Record<string, string>): Promise<string> => {
    const response = await fetch(endpoint, {
      method: "POST",
      body: new URLSearchParams({ Version: "2016-11-15", ...form }),
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=a/20260101/${region}/ec2/aws4_request`,
      },
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return text;
  };

  it("sees versions, and brings a machine to the group's version by giving the old one back", async function () {
    this.timeout(120_000);
    const options = {
      region,
      endpoint,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    };
    const clients = {
      autoScaling: new AutoScalingClient(options),
      balancers: new ElasticLoadBalancingV2Client(options),
      ssm: new SSMClient(options),
    };
    const image = { "LaunchTemplateData.ImageId": "ami-12c6146b" };
    for (const { name, role, zone } of plannedGroups(plan)) {
      await ec2({ Action: "CreateLaunchTemplate", LaunchTemplateName: name, ...image });
      const reference = { LaunchTemplateName: name, Version: "1" };
      await clients.autoScaling.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName: name,
          AvailabilityZones: [zone],
          MinSize: 0,
          MaxSize: 6,
          DesiredCapacity: role === "worker" ? 2 : 1,
          ...(role === "worker"
            ? {
                MixedInstancesPolicy: {
                  LaunchTemplate: { LaunchTemplateSpecification: reference },
                },
              }
            : { LaunchTemplate: reference }),
        }),
      );
    }
    const world = awsWorld({ clients, plan, templates, drainSeconds: 600, commandPollSeconds: 0 });
    const start = await world.groups();
    assert.equal(start.length, 9);
    assert.deepEqual(outdated(start, ["etcd", "control-plane", "worker"], undefined), []);

    const name = "demo-etcd-eu-west-1a";
    await ec2({ Action: "CreateLaunchTemplateVersion", LaunchTemplateName: name, ...image });
    await clients.autoScaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        LaunchTemplate: { LaunchTemplateName: name, Version: "2" },
      }),
    );
    const [old, ...others] = outdated(await world.groups(), ["etcd"], undefined);
    assert.deepEqual(others, []);
    assert.match(old?.machine.version ?? "", /^lt-\w+ version 1$/);
    assert.match(old?.group.version ?? "", /^lt-\w+ version 2$/);
    await world.terminate(old?.machine.id ?? "");
    // moto says of every machine that it has the template's default version.
    await ec2({ Action: "ModifyLaunchTemplate", LaunchTemplateName: name, SetDefaultVersion: "2" });
    const group = (await world.groups()).find((one) => one.name === name);
    assert.equal(group?.machines.length, 1);
    assert.notEqual(group?.machines[0]?.id, old?.machine.id);
    assert.equal(group?.machines[0]?.version, group?.version);

    const parameter = `${plan.names.parameters}/state/etcd/eu-west-1a`;
    await clients.ssm.send(
      new PutParameterCommand({ Name: parameter, Value: "ready", Type: "String" }),
    );
    assert.equal(group && (await world.lastWords(group)), "ready");
    // moto runs no command, so all that a control plane would say is missing: never a sign of health.
    const { findings } = await world.health(await world.groups());
    assert.ok(findings.some(({ what }) => what === "no control plane reaches it"));
  });
});
