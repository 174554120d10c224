import { readFileSync } from "node:fs";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import type { KubernetesObject } from "../../../lab/faults/objects.ts";
import { eksConfig, type Raw } from "../../support/fixtures.ts";
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

function manifestOf(source: string, type: string, inputs: unknown): Manifest[] {
  if (!type.startsWith("kubernetes:") || charts.test(type)) return [];
  const text = JSON.stringify(inputs).replaceAll(unknownText, "known-later");
  const object = JSON.parse(text) as KubernetesObject & { status?: unknown };
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

const backends: Record<string, Raw[]> = {
  "rook-ceph": [{ backend: "rook-ceph" }],
  portworx: [{ backend: "portworx", licensed: true }],
  both: [{ backend: "rook-ceph" }, { backend: "portworx", licensed: true }],
};

/** The same of a stack on platform eks with each choice of storage, and with a team's namespace. */
export async function storageManifests(): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const [name, chosen] of Object.entries(backends)) {
    const config = eksConfig((raw: Raw) => {
      raw.pools.disks = {
        ...raw.pools.general,
        minNodes: 2,
        nodesPerZone: { min: 1, desired: 1, max: 1 },
      };
      raw.storage = [{ backend: "ebs" }, ...chosen.map((one) => ({ pool: "disks", ...one }))];
      raw.namespaces = {
        shop: {
          guard: "enforce",
          quota: { cpus: 4, memoryGiB: 8, pods: 10, storageGiB: 100 },
          containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128 },
        },
      };
    });
    const stack = { stack: "demo", preview: false };
    const { registrations } = await record(async () => eksStack(planEks(config)), stack);
    for (const { type, inputs } of registrations)
      found.push(...manifestOf(`storage ${name}`, type, inputs));
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
