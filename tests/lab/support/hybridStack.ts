import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseConfig } from "../../../config/parse.ts";
import { rawConfigOfStackFile } from "../../../config/stackFile.ts";
import { type Ec2Plan, planEc2 } from "../../../design/ec2/plan.ts";
import { providerFor } from "../../../engine/embedded/providers/index.ts";
import type { Inputs } from "../../../engine/embedded/value.ts";
import type { CloudGroup, CloudPlan, CloudRole } from "../../../lab/cloud/plan.ts";
import { readTemplates } from "../../../templates/read.ts";
import type { PlannedState } from "../../support/plannedGraph.ts";
import { realPreview } from "../../support/realPreview.ts";

const projectDir = resolve(import.meta.dirname, "../../..");

/** Of the second half of the benchmark range, where no other lab takes its addresses. */
const cidr = "198.19.0.0/20";

/** The stack "hybrid" with another name and range, and pools of one machine a zone. */
function stackText(name: string): string {
  return readFileSync(join(projectDir, "Pulumi.hybrid.yaml"), "utf8")
    .replaceAll("quorum-hybrid", name)
    .replace("cidr: 10.30.0.0/16", `cidr: ${cidr}`)
    .replace("minNodes: 4", "minNodes: 2")
    .replace("{ min: 2, desired: 2, max: 6 }", "{ min: 1, desired: 1, max: 2 }");
}

/** The same stack as the program plans it: what `quorum roll` goes by. */
export function hybridDesign(name: string): Ec2Plan {
  const config = parseConfig(rawConfigOfStackFile(stackText(name)));
  if (config.platform !== "ec2") throw new Error(`the hybrid stack is of ${config.platform}`);
  return planEc2(config, readTemplates());
}

/** What the preview of the hybrid stack plans, as the cloud of a lab takes it. */
export async function hybridPlan(name: string): Promise<CloudPlan> {
  const file = join(projectDir, `Pulumi.${name}.yaml`);
  writeFileSync(file, stackText(name));
  try {
    const { steps } = await realPreview(name);
    return await planOf(new Planned(steps.flatMap(({ newState }) => newState ?? [])));
  } finally {
    rmSync(file, { force: true });
  }
}

/** Planned resources by type, with the logical name of each. */
class Planned {
  readonly #states: PlannedState[];

  constructor(states: PlannedState[]) {
    this.#states = states;
  }

  // biome-ignore lint/suspicious/noExplicitAny: inputs have the shape of their type.
  of(type: string): { name: string; inputs: any }[] {
    return this.#states
      .filter((state) => state.type === type)
      .map(({ urn, inputs }) => ({ name: urn.split("::").at(-1) ?? "", inputs }));
  }
}

async function planOf(planned: Planned): Promise<CloudPlan> {
  const subnets = planned.of("aws:ec2/subnet:Subnet").map(({ name, inputs }) => ({
    name,
    cidr: inputs.cidrBlock as string,
    zone: inputs.availabilityZone as string,
  }));
  const records = planned.of("aws:route53/record:Record");
  const parameters = planned.of("aws:ssm/parameter:Parameter").map(({ inputs }) => inputs);
  const objects = planned.of("aws:s3/bucketObjectv2:BucketObjectv2").map(({ inputs }) => inputs);
  const buckets = planned.of("aws:s3/bucket:Bucket").map(({ inputs }) => inputs.bucket as string);
  const [cluster] = planned.of("quorum:ec2:Cluster");
  const [balancer] = planned.of("quorum:ec2:ApiLoadBalancer");
  const [provider] = planned.of("pulumi:providers:aws");
  const roots = await makeRoots(planned, cluster?.name ?? "");
  return {
    region: cluster?.inputs.region,
    accountId: JSON.parse(provider?.inputs.allowedAccountIds)[0],
    cidr: planned.of("aws:ec2/vpc:Vpc")[0]?.inputs.cidrBlock,
    subnets,
    names: Object.fromEntries(
      records
        .filter(({ inputs }) => inputs.records !== undefined)
        .map(({ inputs }) => [inputs.name, inputs.records[0]]),
    ),
    apiName: records.find(({ inputs }) => inputs.aliases !== undefined)?.inputs.name,
    apiPort: balancer?.inputs.port,
    buckets,
    objects: objects.map(({ bucket, key, content }) => ({ bucket, key, content })),
    parameters: parameters
      .filter(({ name }) => name.includes("/pki/"))
      .map(({ name, type }) => ({ name, type, value: rootValue(roots, name) })),
    volumes: planned.of("aws:ebs/volume:Volume").map(({ name, inputs }) => ({
      parameter: parameters.find((one) =>
        one.name.endsWith(`volumes/etcd-${inputs.availabilityZone}`),
      )?.name,
      zone: inputs.availabilityZone,
      tags: { ...inputs.tags, Name: name },
    })),
    policies: policiesOf(planned, cluster?.name ?? ""),
    groups: planned.of("aws:ec2/launchTemplate:LaunchTemplate").map((template) => {
      return groupOf(planned, template, subnets);
    }),
  };
}

function groupOf(
  planned: Planned,
  template: ReturnType<Planned["of"]>[number],
  subnets: { name: string; cidr: string; zone: string }[],
): CloudGroup {
  const { name, userData, tagSpecifications } = template.inputs;
  const subnet = (tier: string) =>
    subnets.find((one) => one.name.includes(`-${tier}-`) && name.endsWith(one.zone));
  const role = planned.of("quorum:ec2:MachineGroup").find(({ inputs }) => inputs.group === name)
    ?.inputs.role as CloudRole;
  const [fixed] = planned
    .of("aws:ec2/networkInterface:NetworkInterface")
    .filter((one) => one.name === template.name);
  const place = subnet(role === "etcd" ? "isolated" : "private");
  if (place === undefined) throw new Error(`group ${name} is in no zone`);
  return {
    name,
    role,
    zone: place.zone,
    subnet: place.cidr,
    userData,
    tags: tagSpecifications[0].tags,
    ...(fixed === undefined ? {} : { address: fixed.inputs.privateIps[0] }),
  };
}

function policiesOf(planned: Planned, cluster: string): CloudPlan["policies"] {
  const all = planned.of("aws:iam/rolePolicy:RolePolicy");
  const statements = (role: CloudRole) =>
    JSON.parse(all.find(({ name }) => name === `${cluster}-${role}`)?.inputs.policy).Statement;
  return {
    etcd: statements("etcd"),
    "control-plane": statements("control-plane"),
    worker: statements("worker"),
  };
}

/** Value of the root that a parameter is named after. */
function rootValue(roots: ReadonlyMap<string, string>, parameter: string): string {
  const root = parameter.split("/").at(-1) ?? "";
  const value = roots.get(root);
  if (value === undefined) throw new Error(`nothing was made for ${parameter}`);
  return value;
}

/** The planned keys and authorities, made by the engine's own provider: a preview has no values. */
async function makeRoots(planned: Planned, cluster: string): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  const create = async (type: string, inputs: Inputs) => {
    const operation = {
      urn: "urn:pulumi:lab::quorum::lab::root",
      signal: AbortSignal.timeout(30_000),
      providerInputs: {},
      log: () => undefined,
    };
    return (await providerFor(type)?.create(type, inputs, operation))?.outputs ?? {};
  };
  const short = (name: string) => name.slice(cluster.length + 1);
  for (const { name, inputs } of planned.of("tls:index/privateKey:PrivateKey")) {
    const { privateKeyPem } = await create("tls:index/privateKey:PrivateKey", inputs);
    made.set(`${short(name)}.key`, `${privateKeyPem}`);
  }
  for (const { name, inputs } of planned.of("tls:index/selfSignedCert:SelfSignedCert")) {
    const privateKeyPem = made.get(`${short(name)}.key`) ?? "";
    const type = "tls:index/selfSignedCert:SelfSignedCert";
    const { certPem } = await create(type, { ...inputs, privateKeyPem });
    made.set(`${short(name)}.crt`, `${certPem}`);
  }
  made.set("secrets-encryption.key", randomBytes(32).toString("base64"));
  return made;
}
