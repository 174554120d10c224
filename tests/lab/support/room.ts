import type { ApiClient } from "../../../lab/faults/api.ts";

interface Pod {
  spec: { containers: { resources?: { requests?: { cpu?: string } } }[] };
  status: { phase: string };
}

/** Thousandths of a CPU in a quantity of the API: "2", "1930m", "0.5". */
export function milliCpus(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

/** Thousandths of a CPU that nobody on a node has asked for. */
export async function freeMilliCpus(api: ApiClient, node: string): Promise<number> {
  const { status } = await api.json<{ status: { allocatable: { cpu: string } } }>(
    `/api/v1/nodes/${node}`,
  );
  const { items } = await api.json<{ items: Pod[] }>(
    `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`,
  );
  const asked = items
    .filter(({ status: { phase } }) => phase !== "Succeeded" && phase !== "Failed")
    .flatMap(({ spec }) => spec.containers)
    .map(({ resources }) => milliCpus(resources?.requests?.cpu ?? "0"));
  return milliCpus(status.allocatable.cpu) - asked.reduce((sum, one) => sum + one, 0);
}
