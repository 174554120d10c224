import { programFolder } from "../programFolder.ts";
import { ProviderProcess } from "./providerProcess.ts";

const processes = new Map<string, ProviderProcess>();

/** The host of dynamic providers for a provider configuration. */
export function providerProcess(configuration: string): ProviderProcess {
  let host = processes.get(configuration);
  if (host === undefined) {
    host = new ProviderProcess(programFolder());
    processes.set(configuration, host);
  }
  return host;
}

/** Ends every host. */
export function closeProviderProcesses(): void {
  for (const host of processes.values()) host.close();
  processes.clear();
}
