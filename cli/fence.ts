import { connect } from "node:net";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import type { ClusterConfig } from "../config/schema.ts";
import { ports } from "../design/ports.ts";
import { type ApiClient, apiClient } from "../engine/embedded/providers/kubernetes/apiClient.ts";
import type { PowerAnswer } from "../fencing/decision.ts";
import { fence as fenceNode, type NodeApi, unfence } from "../fencing/fence.ts";
import { askController, askEc2, instanceOf } from "../fencing/powerSources.ts";
import { type ClusterCommand, kubeconfigText, stackConfig } from "./clusterAccess.ts";

export interface FenceCommand extends ClusterCommand {
  confirmOff?: true;
  undo?: true;
  /** False with --no-wait. */
  wait: boolean;
}

const releaseSeconds = 90;
const probeSeconds = 2;
const podsPerPage = 500;

/** `quorum fence NODE`. Exit code 1 when it refuses, 3 when an undone machine had never been off. */
export async function fence(nodeName: string, options: FenceCommand): Promise<void> {
  const client = await apiClient({ kubeconfig: await kubeconfigText(options) });
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("cancelled")));
  const api = nodeApi(client, stop.signal);
  const say = (line: string): void => console.log(line);
  if (options.undo) {
    if (!(await unfence({ api, nodeName, say }))) return;
    console.error(
      `${nodeName} had never been off: its boot is the one it had when it was fenced. ` +
        "Its pods may have written beside their replacements: check their data",
    );
    process.exitCode = 3;
    return;
  }
  const config = stackConfig(options);
  await fenceNode({
    api,
    nodeName,
    say,
    confirmed: options.confirmOff === true,
    askPower: (node) => askPower(node, nodeName, options, config),
    probe: (node) => openPorts(node, config),
    now: () => new Date(),
    releaseSeconds: options.wait ? releaseSeconds : 0,
  });
}

/** The API as fencing needs it. */
export function nodeApi(client: ApiClient, signal: AbortSignal): NodeApi {
  return {
    get: (path) => client.get(path, signal),
    patch: (path, change) => client.patch(path, change as Record<string, never>, signal),
    async podsOn(node) {
      const found: V1Pod[] = [];
      for await (const page of client.pages("/api/v1/pods", podsPerPage, signal))
        for (const pod of page as V1Pod[]) if (pod.spec?.nodeName === node) found.push(pod);
      return found;
    },
  };
}

async function askPower(
  node: V1Node,
  host: string,
  { stack, cwd }: FenceCommand,
  config: ClusterConfig | undefined,
): Promise<PowerAnswer[]> {
  const instance = instanceOf(node);
  if (instance !== undefined) return [await askEc2(instance)];
  if (config?.platform !== "hosts" || config.powerStatus === undefined) return [];
  const address = config.hosts[host]?.address ?? "";
  return [await askController(config.powerStatus, { host, address, stack }, cwd)];
}

/** kubelet's port and SSH's: a machine that answers is on, whatever its node says. */
function openPorts(node: V1Node, config: ClusterConfig | undefined): Promise<number[]> {
  const address = (node.status?.addresses ?? []).find(({ type }) => type === "InternalIP")?.address;
  if (address === undefined) return Promise.resolve([]);
  const asked = [ports.kubelet, ...(config?.platform === "hosts" ? [config.ssh.port] : [])];
  return Promise.all(asked.map((port) => answers(address, port))).then((open) =>
    asked.filter((_, index) => open[index]),
  );
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: probeSeconds * 1000 });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    // A refusal is an answer as well: something there sent it.
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}
