import { readFileSync } from "node:fs";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import type { KubernetesObject } from "../../../lab/faults/objects.ts";
import { ec2Config, eksConfig, type Raw } from "../../support/fixtures.ts";
import { record } from "../../support/mocks.ts";
import { unknownText } from "../../support/plannedGraph.ts";
import { realPreview } from "../../support/realPreview.ts";

/** An object that a program registers, and where it came from. */
export interface Manifest {
  source: string;
  object: KubernetesObject;
}

/** Charts bring manifests of their own, which are not ours and not at hand. */
const charts = /^kubernetes:helm\.sh/;

/** Kinds whose definition comes with a chart and is not kept here: the API server cannot be asked. */
const withoutDefinition: readonly string[] = ["TargetGroupBinding"];

function manifestOf(source: string, type: string, inputs: unknown): Manifest[] {
  if (!type.startsWith("kubernetes:") || charts.test(type)) return [];
  const text = JSON.stringify(inputs).replaceAll(unknownText, "known-later");
  const object = JSON.parse(text) as KubernetesObject & { status?: unknown };
  if (withoutDefinition.includes(object.kind)) return [];
  delete object.status;
  return [{ source: `${source}: ${object.kind} ${object.metadata?.name}`, object }];
}

/** Every Kubernetes object in the preview of a stack of this repository. */
export async function previewedManifests(stack: string): Promise<Manifest[]> {
  const { steps } = await realPreview(stack);
  return steps.flatMap(({ newState }) =>
    newState === undefined ? [] : manifestOf(stack, newState.type, newState.inputs),
  );
}

const ceph = {
  backend: "rook-ceph",
  pool: "disks",
  fileSystem: true,
  objectStore: true,
  alerts: true,
};
const portworx = { backend: "portworx", pool: "disks", licensed: true };
const external = {
  mode: "external",
  endpoints: [1, 2, 3].map((number) => `https://etcd-${number}.example.com:2379`),
  secretName: "kvdb",
};
const choices: Record<string, Raw[]> = {
  "Ceph with everything": [ceph],
  "Ceph and Portworx": [{ ...ceph, alerts: false }, portworx],
  "Portworx with an etcd of its own": [{ ...portworx, kvdb: external }],
};

const withStorage = (chosen: readonly Raw[]) => (raw: Raw) => {
  raw.pools.disks = {
    ...raw.pools.general,
    minNodes: 2,
    nodesPerZone: { min: 1, desired: 1, max: 1 },
  };
  raw.storage = [{ backend: "ebs" }, ...chosen];
  raw.namespaces = {
    shop: {
      guard: "enforce",
      quota: { cpus: 4, memoryGiB: 8, pods: 10, storageGiB: 100 },
      containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128 },
    },
  };
};

/** The same of stacks on both platforms of AWS with each choice of storage, and a team's namespace. */
export async function storageManifests(): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const [name, chosen] of Object.entries(choices)) {
    const change = withStorage(chosen);
    const programs: Record<string, () => Promise<unknown>> = {
      eks: async () => eksStack(planEks(eksConfig(change))),
      ec2: async () => ec2Stack(ec2Config(change)),
    };
    for (const [platform, program] of Object.entries(programs)) {
      const { registrations } = await record(program, { stack: "demo", preview: false });
      for (const { type, inputs } of registrations)
        found.push(...manifestOf(`${name} on ${platform}`, type, inputs));
    }
  }
  return found;
}

/** The published definition of a kind, with its rules. @throws Error on one that is not kept here. */
export function definitionOf({ apiVersion, kind }: KubernetesObject): KubernetesObject {
  const [group = ""] = apiVersion.split("/");
  const file = new URL(`../../schemas/definitions/${group}_${kind}.json`, import.meta.url);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as KubernetesObject;
  } catch (error) {
    throw new Error(`${kind}: cut its definition with tests/schemas/extractDefinition.ts`, {
      cause: error,
    });
  }
}
