import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { rawConfigOfStackFile } from "../../config/stackFile.ts";

/** One resource as the program registered it. */
export interface Registration {
  type: string;
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inputs have the shape of their type.
  inputs: any;
  custom: boolean;
  /** URN and id of the provider; "" for a default one or none. */
  provider: string;
  /** Names of the parents' types and names, e.g. "quorum:aws:Network::demo-network". */
  parent: string;
  protect: boolean;
  /** Names of what it depends on, of any type. */
  dependencies: string[];
  ignoreChanges: string[];
  retainOnDelete: boolean;
  /** Name of what it is gone with; "" for nothing. */
  deletedWith: string;
  /** Longest deletion, e.g. "20m"; "" for the provider's own. */
  deleteTimeout: string;
  transforms: pulumi.ResourceTransform[];
}

export interface Recording {
  registrations: Registration[];
  /** Outputs of the stack; undefined in a preview with unknowns. */
  outputs: Record<string, unknown> | undefined;
  /** The one registration of a type and name. */
  find(type: string, name: string): Registration;
  ofType(type: string): Registration[];
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getProtect(): boolean;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
  getRetainondelete(): boolean;
  getDeletedwith(): string;
  getCustomtimeouts(): { getDelete(): string } | undefined;
}

type Register = (request: Request, callback: unknown) => Promise<void>;

/**
 * Run a program as an update (`preview: false`, every output known) or as a preview (outputs
 * unknown) against mocks, and record what it registers. One at a time: the runtime is global.
 */
export async function record(
  program: () => Promise<unknown>,
  options: { stack: string; preview: boolean; config?: Record<string, string> },
): Promise<Recording> {
  const requests = new Map<string, Request>();
  const registrations: Registration[] = [];
  // The mocks' own arguments lack parent, protect and dependencies: read them off the request.
  const prototype = MockMonitor.prototype as unknown as { registerResource: Register };
  const original = prototype.registerResource;
  prototype.registerResource = function (this: unknown, request, callback) {
    requests.set(`${request.getType()}::${request.getName()}`, request);
    return original.call(this, request, callback);
  };
  try {
    await pulumi.runtime.setMocks(
      {
        call: ({ inputs }) => inputs,
        newResource: (args) => {
          const request = requests.get(`${args.type}::${args.name}`);
          if (args.type !== "pulumi:pulumi:Stack" && request !== undefined)
            registrations.push(registration(args, request));
          return options.preview
            ? { id: "", state: args.inputs }
            : { id: `${args.name}-id`, state: stateOf(args) };
        },
      },
      "quorum",
      options.stack,
      options.preview,
    );
    pulumi.runtime.setAllConfig(options.config ?? {});
    const outputs = await pulumi.runtime.runInPulumiStack(program);
    await pulumi.runtime.disconnect();
    return recording(registrations, outputs as Record<string, unknown> | undefined);
  } finally {
    prototype.registerResource = original;
  }
}

/** The engine's form of a stack file: every value a text. */
export function engineConfig(yaml: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rawConfigOfStackFile(yaml)).map(([key, value]) => [
      `quorum:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

function recording(registrations: Registration[], outputs: Recording["outputs"]): Recording {
  return {
    registrations,
    outputs,
    ofType: (type) => registrations.filter((one) => one.type === type),
    find(type, name) {
      const found = registrations.filter((one) => one.type === type && one.name === name);
      if (found.length !== 1 || found[0] === undefined)
        throw new Error(`${found.length} resources ${type} ${name}`);
      return found[0];
    },
  };
}

function registration(args: pulumi.runtime.MockResourceArgs, request: Request): Registration {
  return {
    type: args.type,
    name: args.name,
    inputs: args.inputs,
    custom: args.custom ?? false,
    provider: request.getProvider(),
    parent: shortUrn(request.getParent()),
    protect: request.getProtect(),
    dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
    ignoreChanges: request.getIgnorechangesList(),
    retainOnDelete: request.getRetainondelete(),
    deletedWith: request.getDeletedwith().split("::").at(-1) ?? "",
    deleteTimeout: request.getCustomtimeouts()?.getDelete() ?? "",
    transforms: (args as { transforms?: pulumi.ResourceTransform[] }).transforms ?? [],
  };
}

function shortUrn(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  return urn === "" ? "" : `${types.split("$").at(-1)}::${name}`;
}

/** What a cloud would answer: the inputs, and the outputs that our components read. */
function stateOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  const state = { arn: `arn:aws:test:::${name}`, name, ...inputs };
  switch (type) {
    case "eks:index:Cluster":
      return {
        ...state,
        kubeconfigJson: `kubeconfig of ${name}`,
        eksCluster: { vpcConfig: { clusterSecurityGroupId: "sg-cluster" } },
      };
    case "aws:eks/nodeGroup:NodeGroup":
      return { ...state, resources: [{ autoscalingGroups: [{ name: `asg-${name}` }] }] };
    case "aws:ec2/launchTemplate:LaunchTemplate":
      return { ...state, latestVersion: 7 };
    case "aws:ec2/eip:Eip":
      return { ...state, allocationId: `eipalloc-${name}` };
    case "tls:index/privateKey:PrivateKey":
      return { ...state, privateKeyPem: `key of ${name}` };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { ...state, certPem: `certificate of ${name}` };
    default:
      return state;
  }
}
