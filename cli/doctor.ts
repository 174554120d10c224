import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { diagnose } from "../doctor/diagnose.ts";
import { type Diagnosis, exitCode } from "../doctor/finding.ts";
import { type ObjectSource, PagesExpired, ReadRefused, readCluster } from "../doctor/reading.ts";
import {
  type ApiClient,
  ApiError,
  apiClient,
} from "../engine/embedded/providers/kubernetes/apiClient.ts";
import { type ClusterCommand, kubeconfigText, stackConfig } from "./clusterAccess.ts";

export interface DoctorCommand extends ClusterCommand {
  json?: true;
  markdown?: true;
  /** Print the ClusterRole that it needs, and do nothing else. */
  role?: true;
}

const objectsPerPage = 500;

/** `quorum doctor`. Exit code 1 with findings, 2 when nothing was found but not everything was seen. */
export async function doctor(options: DoctorCommand): Promise<void> {
  if (options.role) {
    const file = join(import.meta.dirname, "../templates/doctor/clusterRole.yaml");
    console.log((await readFile(file, "utf8")).trimEnd());
    return;
  }
  const client = await apiClient({ kubeconfig: await kubeconfigText(options) });
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("cancelled")));
  const diagnosis = await examine(sourceOf(client, stop.signal), zonesOf(options));
  console.log(await report(options, diagnosis));
  process.exitCode = exitCode(diagnosis);
}

/** Reads a cluster and judges it. @throws Error when it may not be read at all. */
export async function examine(
  source: ObjectSource,
  zoneByAddress: Record<string, string>,
): Promise<Diagnosis> {
  const { cluster, refused } = await readCluster(source);
  const needed = refused.filter((one) => one === "nodes" || one === "pods");
  if (needed.length > 0)
    throw new Error(
      `this account may not list ${needed.join(" and ")}: give it the ClusterRole that \`quorum doctor --role\` prints`,
    );
  const diagnosis = diagnose({ ...cluster, zoneByAddress });
  const unread = refused.map((resource) => `anything about ${resource}: they may not be listed`);
  return { ...diagnosis, unknown: [...diagnosis.unknown, ...unread] };
}

/** Lists from an API server, in pages. */
export function sourceOf(client: ApiClient, signal: AbortSignal): ObjectSource {
  return {
    async *pages(path) {
      try {
        yield* client.pages(path, objectsPerPage, signal);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 403) throw new ReadRefused(error.message);
        if (error.status === 410) throw new PagesExpired(error.message);
        throw error;
      }
    },
  };
}

/** Where machines outside the cluster stand, such as etcd's, as the stack file says. */
function zonesOf(options: DoctorCommand): Record<string, string> {
  const config = stackConfig(options);
  if (config?.platform !== "hosts") return {};
  return Object.fromEntries(
    Object.values(config.hosts).map(({ address, zone }) => [address, zone]),
  );
}

async function report({ stack, json, markdown }: DoctorCommand, diagnosis: Diagnosis) {
  if (json) return JSON.stringify({ stack, ...diagnosis }, null, 2);
  if (markdown) return (await import("../doctor/report/markdown.ts")).markdown(stack, diagnosis);
  return (await import("../doctor/report/text.ts")).text(stack, diagnosis);
}
